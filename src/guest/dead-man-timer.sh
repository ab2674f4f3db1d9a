# Shuts the instance down after some minutes, also when its run is gone. A reboot forgets the timer, so a script for
# each boot sets it again. The script is written first, so that a timer that runs also survives a reboot.
# usage: MINUTES
per_boot=/var/lib/cloud/scripts/per-boot
mkdir -p "$per_boot"
printf '#!/bin/sh\nshutdown -P "+%d"\n' "$1" >"$per_boot/fedimg-dead-man-timer"
chmod 755 "$per_boot/fedimg-dead-man-timer"
shutdown -P "+$1"
