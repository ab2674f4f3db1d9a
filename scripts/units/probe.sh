# Runs as root inside the container that `scripts/try-units.ts` boots. Each line on stdout is a fact that the script checks.
exec 2>/opt/out/probe.err
fact() { printf '%s: %s\n' "$1" "$2"; }
shown() { systemctl show "$1" --property "$2" --value; }
TEMPORAL_ADDRESS=$(sed -n 's/^TEMPORAL_ADDRESS=//p' /etc/fedimg.env)
export TEMPORAL_ADDRESS
compose=Fedora-Cloud-43-20251021.0
fedimg=/usr/local/bin/fedimg

systemctl start fedimg-worker
fact worker "$(shown fedimg-worker SubState), $(shown fedimg-worker StatusText)"
pid=$(shown fedimg-worker MainPID)
fact seccomp "$(sed -n 's/^Seccomp:\s*//p' "/proc/$pid/status")"
fact capabilities "$(sed -n 's/^CapEff:\s*//p' "/proc/$pid/status")"
fact user "$(ps -o user= -p "$pid")"

# A compose from a server that is not allowed fails at once, and is in the log.
printf '{"compose_id":"%s","status":"FINISHED","location":"https://forbidden.example.org/%s/compose"}' \
  "$compose" "$compose" >/tmp/message.json
"$fedimg" compose signal /tmp/message.json --config /etc/fedimg.toml >/dev/null
for _ in $(seq 60); do
  lines=$(journalctl --quiet --no-pager --unit fedimg-worker "COMPOSE=$compose" --output cat | wc -l)
  [ "$lines" -ge 2 ] && break
  sleep 1
done
fact 'journal lines of the compose' "$lines"
fact 'step in the journal' "$(journalctl --quiet -u fedimg-worker "COMPOSE=$compose" STEP=readCompose -o cat | wc -l)"
fact 'fedimg logs' "$("$fedimg" logs "$compose" --config /etc/fedimg.toml | wc -l)"

# A process that hangs.
kill -STOP "$pid"
for _ in $(seq 90); do
  [ "$(shown fedimg-worker NRestarts)" -ge 1 ] && [ "$(shown fedimg-worker SubState)" = running ] && break
  sleep 1
done
fact watchdog "$(shown fedimg-worker NRestarts) restart, $(shown fedimg-worker SubState)"
systemctl stop fedimg-worker
fact stop "$(shown fedimg-worker Result)"

systemctl start fedimg-dashboard
fact dashboard "$(shown fedimg-dashboard SubState), $(curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:8300/)"
systemctl stop fedimg-dashboard
fact 'dashboard stop' "$(shown fedimg-dashboard Result)"
systemctl --no-block poweroff
