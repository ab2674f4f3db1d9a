# Downloads an image, verifies it, writes it to the blank volume, and reads the volume back.
# usage: write-image.sh STATE VOLUME_ID VOLUME_BYTES URL SHA256|- COMPRESSED_BYTES|- RAW_BYTES|- MIN_RATE
set -Eeuo pipefail
state=$1 volume=$2 volume_bytes=$3 url=$4 sha256=$5 compressed_bytes=$6 raw_bytes=$7 min_rate=$8
file=$state/image.xz
# Messages go into logs and histories, so the URL is shown without its query, which may be signed.
shown_url=${url%%\?*}
umask 077
exec </dev/null
# Long enough for an outage of an hour; the dead-man timer ends the instance after that.
STALLED_SECONDS_MAX=4000

# Only one writer for each volume: a second one would write between the blocks of the first.
exec 9>"$state/writer.lock"
flock -n 9 || exit 75

finish() {
  printf '%s\n' "$@" >"$state/result.new"
  mv "$state/result.new" "$state/result"
}

fail() {
  finish "status=failed" "code=$1" "message=$(printf '%s' "$2" | tr -c '[:print:]' ' ' | tail -c 1000)"
  exit 1
}
trap 'fail internal "line $LINENO of the write program failed"' ERR

phase() {
  printf '%s\n' "$*" >"$state/phase.new"
  mv "$state/phase.new" "$state/phase"
}

# Keeps why the download does not go on, for follow-unit.sh, until the file is longer than SIZE.
# usage: obstacle SIZE PAUSE_SECONDS TEXT
obstacle() {
  local text=${3#curl: }
  printf '%s %s %s\n' "$(($(date +%s) + $2))" "$1" "$(printf '%s' "$text" | tr -c '[:print:]' ' ')" >"$state/obstacle.new"
  mv "$state/obstacle.new" "$state/obstacle"
}

# Prints how many bytes dd has copied, from its log.
bytes_done() {
  tr '\r' '\n' <"$1" | sed -n 's/^\([0-9][0-9]*\) bytes\{0,1\}.*/\1/p' | tail -n 1
}

find_device() {
  local serial=${volume//-/} found
  for _ in $(seq 60); do
    found=$(lsblk -dnpo NAME,SERIAL | awk -v serial="$serial" '$2 == serial { print $1 }')
    [ -z "$found" ] || break
    sleep 1
  done
  [ -n "$found" ] || fail device-not-found "no block device has the serial of $volume"
  [ "$(printf '%s\n' "$found" | wc -l)" -eq 1 ] || fail device-ambiguous "several devices have the serial of $volume"
  local size mounts
  size=$(blockdev --getsize64 "$found")
  [ "$size" -eq "$volume_bytes" ] || fail device-size "$found has $size bytes, the volume has $volume_bytes"
  mounts=$(lsblk -nro MOUNTPOINT "$found" | tr -d '[:space:]')
  [ -z "$mounts" ] || fail device-mounted "$found is mounted on $mounts"
  device=$found
}

# Downloads to a file, because a retry of a piped download would append, and only verified bytes may reach the volume.
download() {
  local rate=() slow=0 before after status code pause=1 scheme=${url%%:*}
  local deadline=$((SECONDS + STALLED_SECONDS_MAX))
  [ "$min_rate" -eq 0 ] || rate=(--speed-limit "$min_rate" --speed-time 60)
  phase download "${compressed_bytes/-/0}" size "$file"
  echo downloads >>"$state/downloads"
  while :; do
    before=$(stat -c %s "$file" 2>/dev/null || echo 0)
    code=0
    # No redirects: the worker has already followed them, under its allow-list.
    status=$(curl --fail --silent --show-error --globoff --proto "=$scheme" --connect-timeout 20 "${rate[@]}" \
      --continue-at - --output "$file" --write-out '%{http_code}' -- "$url" 2>"$state/curl.log") || code=$?
    case $code:$status in
    0:2*) return 0 ;;
    0:*)
      rm -f "$file"
      fail "http-$status" "the server answered $status for $shown_url"
      ;;
    esac
    after=$(stat -c %s "$file" 2>/dev/null || echo 0)
    case $code:$status in
    22:416) [ "$after" -eq 0 ] || return 0 ;;
    22:408 | 22:429) ;;
    22:4*) fail "http-$status" "the server answered $status for $shown_url" ;;
    33:*) rm -f "$file" ;;
    23:*) fail disk-full "the download does not fit on the utility instance: $(cat "$state/curl.log")" ;;
    esac
    [ "$after" -le "$before" ] || deadline=$((SECONDS + STALLED_SECONDS_MAX)) pause=1
    [ "$code" -ne 28 ] || [ "$after" -le "$before" ] || slow=$((slow + 1))
    [ "$slow" -lt 5 ] || fail too-slow "the server stays below $min_rate bytes a second"
    [ "$SECONDS" -lt "$deadline" ] ||
      fail download "no progress for $STALLED_SECONDS_MAX s, last: $(cat "$state/curl.log")"
    obstacle "$after" "$pause" "$(tail -n 1 "$state/curl.log")"
    sleep "$pause"
    pause=$((pause < 30 ? pause * 2 : 30))
  done
}

verify() {
  phase verify 0 none -
  got_sha256=$(sha256sum <"$file" | cut -d ' ' -f 1)
  [ "$sha256" = - ] || [ "$got_sha256" = "$sha256" ] ||
    fail checksum-mismatch "the file has sha256 $got_sha256, wanted $sha256"
  [ "$(head -c 6 "$file" | od -An -tx1 | tr -d ' \n')" = fd377a585a00 ] ||
    fail not-xz "the file is not an xz file: it begins with $(head -c 16 "$file" | od -An -tx1 | tr -d '\n')"
  [ "$sha256" = - ] || return 0
  # Without a wanted hash, only the checks inside the file show damage. A file that xz cannot list fails when it is unpacked.
  local checks
  checks=$(xz --robot --list "$file" 2>/dev/null | awk -F '\t' '$1 == "file" { print $7 }') || checks=
  case ,$checks, in
  *,None,* | *,Unknown-*)
    fail no-integrity-check "the file has no integrity check (xz --list: $checks), and no sha256 was given"
    ;;
  esac
}

write_volume() {
  local limit=$volume_bytes what="the volume's $volume_bytes" codes
  [ "$raw_bytes" = - ] || limit=$raw_bytes what="the announced $raw_bytes"
  phase write "${raw_bytes/-/0}" dd "$state/write.log"
  rm -f "$state/raw.fifo"
  mkfifo "$state/raw.fifo"
  sha256sum <"$state/raw.fifo" >"$state/raw.sha256" &
  local hash=$!
  trap - ERR
  set +e
  xz --decompress --stdout --memlimit-decompress=2GiB "$file" 2>"$state/xz.log" |
    {
      head -c "$limit"
      head -c 1 | wc -c >"$state/excess"
    } |
    tee "$state/raw.fifo" |
    dd of="$device" bs=4M iflag=fullblock conv=sparse,notrunc,fsync status=progress 2>"$state/write.log"
  codes=("${PIPESTATUS[@]}")
  wait "$hash"
  set -e
  trap 'fail internal "line $LINENO of the write program failed"' ERR
  [ "$(tr -d ' ' <"$state/excess")" = 0 ] || fail larger-than-said "the raw image is larger than $what bytes"
  [ "${codes[0]}" -eq 0 ] || fail corrupt-xz "xz ended with status ${codes[0]}: $(tail -c 300 "$state/xz.log")"
  [ "${codes[2]}" -eq 0 ] || fail write-error "tee ended with status ${codes[2]}"
  [ "${codes[3]}" -eq 0 ] || fail write-error "dd ended with status ${codes[3]}: $(tail -c 300 "$state/write.log")"
  written=$(bytes_done "$state/write.log")
  [ "$raw_bytes" = - ] || [ "$written" = "$raw_bytes" ] ||
    fail shorter-than-said "the raw image has $written bytes; its index says $raw_bytes"
  [ "$written" -gt 0 ] || fail empty "the raw image is empty"
  raw_sha256=$(cut -d ' ' -f 1 <"$state/raw.sha256")
}

read_back() {
  phase read-back "$written" dd "$state/read-back.log"
  blockdev --flushbufs "$device"
  local got
  got=$(dd if="$device" bs=4M iflag=fullblock,count_bytes count="$written" status=progress \
    2>"$state/read-back.log" | sha256sum | cut -d ' ' -f 1)
  [ "$got" = "$raw_sha256" ] ||
    fail read-back "the volume reads back with sha256 $got; sha256 $raw_sha256 was written"
}

# Takes long when the size of the raw image was unknown and the volume is far larger. A sparse copy skips zeros, and
# /dev/full refuses the first other byte; cmp would be slower, because it reads 4 KiB at a time.
check_blank_rest() {
  local rest=$((volume_bytes - written)) log=$state/blank-check.log blank
  phase blank-check "$rest" dd "$log"
  if LC_ALL=C dd if="$device" of=/dev/full bs=4M iflag=fullblock,skip_bytes conv=sparse skip="$written" \
    status=progress 2>"$log"; then
    blank=$(bytes_done "$log")
    [ "$blank" = "$rest" ] || fail unreadable "only $blank of the $rest bytes behind the image could be read"
  elif grep -q "error writing '/dev/full'" "$log"; then
    fail not-blank "the volume was not blank: the first byte that is not zero comes after $(bytes_done "$log") of the $rest bytes behind the image"
  else
    fail unreadable "the volume behind the image cannot be read: $(tail -c 300 "$log")"
  fi
  blockdev --flushbufs "$device"
}

find_device
download
verify
write_volume
read_back
check_blank_rest
rm -f "$file"
finish status=ok "sha256=$got_sha256" "raw_sha256=$raw_sha256" "raw_bytes=$written"
