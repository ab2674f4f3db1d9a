# Runs the test, and prints its result on the console in marked lines.
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

# Short numbered lines, compressed: kernel messages may come between two lines, and a console keeps 64 KiB.
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
# On most images cloud-init sends standard output to the console; on the others, /dev/console does.
cat "$work/report"
cat "$work/report" >/dev/console 2>/dev/null || true
