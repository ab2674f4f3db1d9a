# Whatever becomes of the run, the instance ends itself; a reboot would forget the timer, and sets it again.
# Written before the timer is set: once it is seen to run, a reboot finds what sets it again.
# usage: MINUTES
per_boot=/var/lib/cloud/scripts/per-boot
mkdir -p "$per_boot"
printf '#!/bin/sh\nshutdown -P "+%d"\n' "$1" >"$per_boot/fedimg-dead-man-timer"
chmod 755 "$per_boot/fedimg-dead-man-timer"
shutdown -P "+$1"
