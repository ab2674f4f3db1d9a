#!/bin/bash
# Gives guests block devices by loop devices, and takes every one back when its standard input ends, so
# that they end with the simulator. Lines: `attach FILE NODE`, `detach NODE` (tab-separated).
# Answers: `ok NODE` or `failed NODE REASON`.
declare -A loops
release() {
  losetup -d "${loops[$1]}" 2>/dev/null
  unset "loops[$1]"
}
# PIPE too: an answer to a simulator that has ended must not end this script before it frees the devices.
trap '' INT HUP TERM PIPE
printf 'ready\n'
while IFS=$'\t' read -r word first second; do
  case $word in
    attach)
      # Direct reads of the file, where its file system has them: a read through both caches takes five times as long.
      if loop=$(losetup --find --show --direct-io=on -- "$first" 2>/dev/null) ||
        loop=$(losetup --find --show -- "$first" 2>&1); then
        loops[$second]=$loop
        # 8 MiB: with the kernel's own read-ahead, 1 GiB of zeros takes ten seconds instead of one and a half.
        # A write to sysfs starts no program; in a container sysfs may be read-only.
        { echo 8192 > "/sys/block/${loop##*/}/queue/read_ahead_kb"; } 2>/dev/null || blockdev --setra 16384 "$loop" 2>/dev/null
        if ! IFS=: read -r major minor 2>/dev/null < "/sys/block/${loop##*/}/dev"; then
          number=$(stat -c '%t %T' "$loop")
          major=$((16#${number% *})) minor=$((16#${number#* }))
        fi
        if reason=$(mknod "$second" b "$major" "$minor" 2>&1); then
          printf 'ok\t%s\n' "$second"
        else
          release "$second"
          printf 'failed\t%s\t%s\n' "$second" "$reason"
        fi
      else
        printf 'failed\t%s\t%s\n' "$second" "$loop"
      fi ;;
    detach)
      [ -n "${loops[$first]:-}" ] && release "$first"
      printf 'ok\t%s\n' "$first" ;;
  esac
done
for node in "${!loops[@]}"; do release "$node"; done
