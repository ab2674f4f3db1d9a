# Starts a program as a named, detached unit, or finds the one that an earlier call started.
# usage: start-unit.sh UNIT TOOLS PROGRAM_BASE64 [ARGUMENT...]
set -euo pipefail
unit=$1 tools=$2 program=$3
shift 3

missing=
for tool in $tools; do
  command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
if [ -n "$missing" ]; then
  echo "missing tools:$missing" >&2
  exit 69
fi

state=${HOME:-/root}/.fedimg/$unit
umask 077
mkdir -p "$state"
# Two attempts of one activity may run this at once; the second must find what the first started.
exec 8>"$state/start.lock"
flock 8

if systemctl is-active --quiet "$unit"; then
  echo found
  exit 0
fi
# Checked after the unit's state, because the unit may end between the two checks.
if [ -e "$state/result" ]; then
  echo found
  exit 0
fi
if [ -e "$state/started" ]; then
  echo "unit $unit ended without a result" >&2
  exit 70
fi
printf '%s' "$program" | base64 -d >"$state/program"
date +%s >"$state/started"
# The unit must not inherit the lock.
systemd-run --quiet --collect --unit="$unit" --description="fedimg $unit" \
  bash "$state/program" "$state" "$@" 8>&-
echo started
