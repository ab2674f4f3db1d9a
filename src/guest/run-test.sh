# Runs the configured test script once and keeps its exit status, duration and output.
# usage: run-test.sh STATE SCRIPT_BASE64 TIMEOUT_SECONDS
set -uo pipefail
state=$1 script=$2 timeout_seconds=$3
umask 077
exec </dev/null
echo 'test 0 none -' >"$state/phase"

printf '%s' "$script" | base64 -d >"$state/script"
chmod 700 "$state/script"
begin=$(date +%s)
status=0
timeout --kill-after=10 "$timeout_seconds" "$state/script" >"$state/output" 2>&1 || status=$?
end=$(date +%s)
printf '%s\n' "status=ok" "exit=$status" "seconds=$((end - begin))" \
  "output_bytes=$(stat -c %s "$state/output")" >"$state/result.new"
mv "$state/result.new" "$state/result"
