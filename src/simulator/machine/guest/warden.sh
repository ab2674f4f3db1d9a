#!/bin/bash
# Stands in for init where there are no namespaces: when its standard input ends, every recorded process
# group of the guest ends, and every process that carries its mark. Arguments: the machine's folder, the mark.
# Lines of standard input: `group N`.
machine=$1
mark=$2
groups=()
trap '' TERM INT HUP
mkfifo -m 600 "$machine/dev/console" "$machine/local-cloud/events" || { printf 'failed no named pipes\n'; exit 1; }
printf 'pid %s\nready\n' "$$"
exec > /dev/null 2>&1
while read -r word number; do
  [ "$word" = group ] && groups+=("$number")
done
for round in 1 2 3 4 5; do
  found=0
  for group in "${groups[@]}" $(cat "$machine"/local-cloud/units/*/group 2>/dev/null); do
    kill -KILL -- "-$group" 2>/dev/null && found=1
  done
  # A process that left its group still has the mark in its environment; the warden itself does not have it.
  for file in $(grep -lsF -- "LOCAL_CLOUD_GUEST=$mark" /proc/[0-9]*/environ 2>/dev/null); do
    pid=${file#/proc/}
    pid=${pid%/environ}
    [ "$pid" != "$$" ] && kill -KILL "$pid" 2>/dev/null && found=1
  done
  [ "$found" = 0 ] && break
  sleep 0.05
done
exit 0
