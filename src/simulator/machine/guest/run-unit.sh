#!/bin/bash
# The service manager's side of one transient unit: starts it, keeps its result. Arguments: MACHINE, unit folder.
# It is the leader of the unit's session: every process of the session belongs to the unit.
MACHINE=$1
unit=$2
. "$MACHINE/lib.sh"
. "$unit/spec"
session=$$
[ "$delay" = 0 ] && report unit begin "$name"
echo "$session" > "$unit/group"
end_leftovers() { # systemd.kill(5): KillMode=control-group
  local pid
  for pid in $(session_pids "$session"); do [ "$pid" != "$session" ] && kill "-$1" "$pid" 2>/dev/null; done
}
stopping=0
trap 'stopping=1; [ -n "${child:-}" ] && end_leftovers TERM' TERM
cd "$directory" 2>/dev/null || { echo 200 > "$unit/status"; echo exit-code > "$unit/result"; command=(false); }
if [ "$delay" != 0 ]; then
  "$HOST_SLEEP" "$delay" & wait $!
  [ "$stopping" = 1 ] && { rm -rf "$unit"; exit 0; }
  report unit begin "$name"
  echo active > "$unit/active"
  echo running > "$unit/sub"
fi
if [ -n "$output" ]; then exec 1>> "$output"; fi
if [ -n "$errors" ]; then exec 2>> "$errors"; fi
env -i "${environment[@]}" "${command[@]}" < /dev/null &
child=$!
echo "$child" > "$unit/pid"
if [ -n "$limit" ]; then
  ( trap - TERM; "$HOST_SLEEP" "$limit"; echo timeout > "$unit/result"; kill -TERM "$child" 2>/dev/null; sleep 5; kill -KILL "$child" 2>/dev/null ) > /dev/null 2>&1 &
  watch=$!
fi
wait "$child"
status=$?
while kill -0 "$child" 2>/dev/null; do wait "$child"; status=$?; done
[ -n "${watch:-}" ] && [ ! -s "$unit/result" ] && kill -KILL "$watch" 2>/dev/null
end_leftovers KILL
restore_sizes
result=success code=exited
if [ -s "$unit/result" ]; then result=$(<"$unit/result")
elif [ "$status" -gt 128 ] && [ "$stopping" = 1 ]; then result=success
elif [ "$status" -gt 128 ]; then result=signal
elif [ "$status" != 0 ]; then result=exit-code
fi
if [ "$status" -gt 128 ]; then code=killed status=$((status - 128)); fi
: > "$unit/pid"
printf '%s\n' "$status" > "$unit/status"
printf '%s\n' "$code" > "$unit/code"
printf '%s\n' "$result" > "$unit/result"
printf '%(%s)T\n' -1 > "$unit/ended"
report unit end "$name"
if [ "$result" != success ]; then
  printf '%s: Main process exited, code=%s, status=%s\n%s: Failed with result %s.\n' "$name" "$code" "$status" "$name" "'$result'" >> "$MACHINE/journal/$name"
fi
if [ "$result" = success ] && [ "$remain" = 1 ] && [ "$stopping" = 0 ]; then
  echo exited > "$unit/sub"
elif [ "$result" = success ] || [ "$collect" = 1 ]; then
  # An unneeded unit is unloaded with its exit status: systemd-run(1), --collect.
  mv "$unit" "$MACHINE/gone.$$" && rm -rf "$MACHINE/gone.$$"
else
  echo failed > "$unit/sub"
  echo failed > "$unit/active"
fi
[ -n "$waiter" ] && printf '%s %s\n' "$result" "$status" > "$waiter"
exit 0
