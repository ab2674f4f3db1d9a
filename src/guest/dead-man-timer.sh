# Whatever becomes of the run, the instance ends itself; a reboot would forget the timer, and sets it again.
# The script that sets it again is written first: a reboot right behind the timer finds it.
# usage: MINUTES
per_boot=/var/lib/cloud/scripts/per-boot
mkdir -p "$per_boot"
printf '#!/bin/sh\nshutdown -P "+%d"\n' "$1" >"$per_boot/fedimg-dead-man-timer"
chmod 755 "$per_boot/fedimg-dead-man-timer"
shutdown -P "+$1"
