# The test itself; its result goes to the console in marked lines.
# usage: NONCE SCRIPT_GZIP_BASE64 TIMEOUT_SECONDS
nonce=$1 script=$2 timeout_seconds=$3
umask 077
work=$(mktemp -d)
printf '%s' "$script" | base64 -d | gzip -dc >"$work/script"
chmod 700 "$work/script"
begin=$(date +%s)
status=0
timeout --kill-after=10 "$timeout_seconds" "$work/script" </dev/null >"$work/output" 2>&1 || status=$?
end=$(date +%s)

# Kernel messages may stand between two lines, and a console keeps 64 KiB: short numbered lines, compressed.
tail -c 32768 "$work/output" | gzip -9 | base64 -w 900 >"$work/lines"
report() {
  local number=0 line
  while read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    printf '\nfedimg:%s:%s:%s\n' "$nonce" "$number" "$line"
  done <"$work/lines"
  printf '\nfedimg:%s:end:%s:%s:%s\n' "$nonce" "$number" "$status" "$((end - begin))"
}
report >"$work/report"
# cloud-init sends standard output to the console on most images; where it does not, the device does.
cat "$work/report"
cat "$work/report" >/dev/console 2>/dev/null || true
