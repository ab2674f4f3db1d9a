# Prints the state of a unit: as soon as the unit ends, or after WAIT_SECONDS.
# usage: follow-unit.sh UNIT WAIT_SECONDS
set -euo pipefail
unit=$1 wait_seconds=$2
state=${HOME:-/root}/.fedimg/$unit
deadline=$((SECONDS + wait_seconds))

while [ ! -e "$state/result" ]; do
  if ! systemctl is-active --quiet "$unit"; then
    # The unit may have ended between the two checks.
    sleep 0.2
    [ ! -e "$state/result" ] || break
    echo "state=lost"
    exit 0
  fi
  [ "$SECONDS" -lt "$deadline" ] || break
  sleep 0.2
done

if [ -e "$state/result" ]; then
  echo "state=done"
  cat "$state/result"
  exit 0
fi

echo "state=running"
[ -e "$state/phase" ] || exit 0
read -r phase total meter path <"$state/phase" || exit 0
echo "phase=$phase"
echo "total=$total"
case $meter in
size) bytes=$(stat -c %s "$path" 2>/dev/null || echo 0) ;;
sizes) bytes=$(stat -c %s "$path"*.[0-9]* 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }' || :) ;;
dd) bytes=$(tr '\r' '\n' <"$path" 2>/dev/null | sed -n 's/^\([0-9][0-9]*\) bytes.*/\1/p' | tail -n 1) ;;
*) bytes= ;;
esac
echo "bytes=${bytes:-0}"
# How long until the next try, because the clocks of the guest and the worker may differ.
if [ "$phase" = download ] && read -r again size text 2>/dev/null <"$state/obstacle" && [ "${bytes:-0}" -le "$size" ]; then
  left=$((again - $(date +%s)))
  echo "obstacle_retry_seconds=$((left > 0 ? left : 0))"
  echo "obstacle=$text"
fi
