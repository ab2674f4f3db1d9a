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
# A server or a path to it may give one connection far less than it gives four.
PARTS_MAX=4
PART_BYTES_MIN=$((16 * 1024 * 1024))
NO_RANGES=9
NO_ROOM='the download does not fit on the utility instance'

# Only one writer for each volume: a second one would write between the blocks of the first.
exec 9>"$state/writer.lock"
flock -n 9 || exit 75

# Leaves the result, unless there is one: two parts of a download may break at once, and the one that is ended in the
# middle of its report then reports that, too.
finish() {
  local new=$state/result.$BASHPID
  printf '%s\n' "$@" >"$new"
  ln "$new" "$state/result" 2>/dev/null || [ -e "$state/result" ]
  rm -f "$new"
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
  printf '%s %s %s\n' "$(($(date +%s) + $2))" "$1" "$(printf '%s' "$text" | tr -c '[:print:]' ' ')" >"$state/obstacle.$BASHPID"
  # Two parts of a download may be dropped at once.
  mv "$state/obstacle.$BASHPID" "$state/obstacle"
}

# Prints how many bytes dd has copied, from its log.
bytes_done() {
  tr '\r' '\n' <"$1" | sed -n 's/^\([0-9][0-9]*\) bytes\{0,1\}.*/\1/p' | tail -n 1
}

# Prints the SHA-256 of its input. OpenSSL uses the processor's own instructions; some builds of sha256sum do not, and
# take five times as long.
sha256_of_input() {
  if command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r; else sha256sum; fi | cut -c 1-64
}

# Prints the sum of the sizes of the files; 0 without any.
bytes_in() {
  stat -c %s -- "$@" 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }' || :
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
  # Straight from the device, past the cache: as fast as the volume, and it shows what the volume has.
  direct=
  ! dd if="$device" of=/dev/null bs=4096 count=1 iflag=direct 2>/dev/null || direct=,direct
}

# Downloads to a file, because a retry of a piped download would append, and only verified bytes may reach the volume.
download() {
  local count=1
  echo downloads >>"$state/downloads"
  # Parts come from several requests: only the hash of the whole shows that they are of one file.
  if [ "$sha256" != - ] && [ "$compressed_bytes" != - ]; then count=$((compressed_bytes / PART_BYTES_MIN)); fi
  [ "$count" -le "$PARTS_MAX" ] || count=$PARTS_MAX
  if [ "$count" -ge 2 ]; then
    has_ranges=yes
    download_parts "$count"
    [ "$has_ranges" = no ] || return 0
  fi
  phase download "${compressed_bytes/-/0}" size "$file"
  fetch "$file" "$min_rate"
}

# Side by side, each part in pieces: one for each try. Sets has_ranges=no when the server sends the whole file instead.
download_parts() {
  local count=$1 size=$((compressed_bytes / $1 + 1)) number first last code pids=()
  phase download "$compressed_bytes" sizes "$file.part."
  for ((number = 0; number < count; number++)); do
    first=$((number * size)) last=$((number * size + size - 1))
    [ "$last" -lt "$compressed_bytes" ] || last=$((compressed_bytes - 1))
    fetch "$file.part.$number" "$(((min_rate + count - 1) / count))" "$first" "$last" &
    pids+=($!)
  done
  for number in "${!pids[@]}"; do
    code=0
    wait -n || code=$?
    case $code in
    0) ;;
    "$NO_RANGES") has_ranges=no ;;
    *) # It has left its result.
      kill "${pids[@]}" 2>/dev/null || :
      exit 1
      ;;
    esac
  done
  if [ "$has_ranges" = yes ]; then
    for number in "${!pids[@]}"; do
      cat "$file.part.$number".* >>"$file" 2>"$state/curl.log" || fail disk-full "$NO_ROOM: $(cat "$state/curl.log")"
      rm -f "$file.part.$number".*
    done
  fi
  rm -f "$file".part.*
}

# Downloads the whole file to TARGET, or the bytes FIRST to LAST to TARGET.0001 and so on, one for each try.
# usage: fetch TARGET MIN_RATE [FIRST LAST]; exits with $NO_RANGES when the server has no ranges.
fetch() {
  local target=$1 rate=() slow=0 before after status code pause=1 scheme=${url%%:*} which=() piece try=0 log=$1.log
  local first=${3-} want=$((${4-0} - ${3-0} + 1)) deadline=$((SECONDS + STALLED_SECONDS_MAX))
  [ "$2" -eq 0 ] || rate=(--speed-limit "$2" --speed-time 60)
  while :; do
    if [ -z "$first" ]; then
      before=$(bytes_in "$target")
      which=(--continue-at - --output "$target")
    else
      before=$(bytes_in "$target".[0-9]*)
      [ "$before" -lt "$want" ] || return 0
      try=$((try + 1))
      printf -v piece '%s.%04d' "$target" "$try"
      # A server without ranges announces the whole file, and curl does not take it.
      which=(--range "$((first + before))-$4" --max-filesize "$((want - before))" --output "$piece")
    fi
    code=0
    # No redirects: the worker has already followed them, under its allow-list.
    status=$(curl --fail --silent --show-error --globoff --proto "=$scheme" --connect-timeout 20 "${rate[@]}" \
      "${which[@]}" --write-out '%{http_code}' -- "$url" 2>"$log") || code=$?
    [ -z "$first" ] || [ "$status" = 206 ] || rm -f "$piece"
    case $code:$status in
    63:2* | 0:200) [ -z "$first" ] || exit "$NO_RANGES" ;;&
    0:206) [ -z "$first" ] || continue ;;&
    0:2*) return 0 ;;
    0:*)
      rm -f "$target"
      fail "http-$status" "the server answered $status for $shown_url"
      ;;
    esac
    if [ -z "$first" ]; then after=$(bytes_in "$target"); else after=$(bytes_in "$target".[0-9]*); fi
    case $code:$status in
    22:416) [ "$after" -eq 0 ] || return 0 ;;
    22:408 | 22:429) ;;
    22:4*) fail "http-$status" "the server answered $status for $shown_url" ;;
    33:*) rm -f "$target" ;;
    23:*) fail disk-full "$NO_ROOM: $(cat "$log")" ;;
    esac
    [ "$after" -le "$before" ] || deadline=$((SECONDS + STALLED_SECONDS_MAX)) pause=1
    [ "$code" -ne 28 ] || [ "$after" -le "$before" ] || slow=$((slow + 1))
    [ "$slow" -lt 5 ] || fail too-slow "the server stays below $min_rate bytes a second"
    [ "$SECONDS" -lt "$deadline" ] ||
      fail download "no progress for $STALLED_SECONDS_MAX s, last: $(cat "$log")"
    [ -z "$first" ] || after=$(bytes_in "$file".part.*.[0-9]*)
    obstacle "$after" "$pause" "$(tail -n 1 "$log")"
    sleep "$pause"
    pause=$((pause < 30 ? pause * 2 : 30))
  done
}

verify() {
  phase verify 0 none -
  got_sha256=$(sha256_of_input <"$file")
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

# Several threads where this xz has them (5.4): they help with a file of several blocks, as `xz -T0` makes it.
unpack() {
  local threads=() version
  version=$(xz --version | sed -n 's/^xz (XZ Utils) \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
  [ -z "$version" ] || [ "$((${version% *} * 100 + ${version#* }))" -lt 504 ] || threads=(--threads=0)
  xz --decompress --stdout "${threads[@]}" --memlimit-decompress=2GiB "$file"
}

# The bytes of the raw image: as announced, or as the file's own index has them; "-" when neither is there.
expected_bytes() {
  [ "$raw_bytes" = - ] || { echo "$raw_bytes" && return; }
  { xz --robot --list "$file" 2>/dev/null || :; } | awk -F '\t' '$1 == "file" { size = $5 } END { print size ? size : "-" }'
}

write_volume() {
  local limit=$volume_bytes what="the volume's $volume_bytes" codes written_status
  expected=$(expected_bytes)
  [ "$raw_bytes" = - ] || what="the announced $raw_bytes"
  [ "$expected" = - ] || [ "$expected" -gt "$volume_bytes" ] || limit=$expected
  phase write "${expected/-/0}" dd "$state/write.log"
  if [ "$limit" != "$volume_bytes" ]; then
    # Beside the write, which does not reach so far.
    find_blank "$limit" &
    blank_look=$!
  fi
  rm -f "$state/raw.fifo"
  mkfifo "$state/raw.fifo"
  sha256_of_input <"$state/raw.fifo" >"$state/raw.sha256" &
  local hash=$!
  trap - ERR
  set +e
  unpack 2>"$state/xz.log" |
    tee "$state/raw.fifo" |
    {
      # EBS keeps snapshots in blocks of 512 KiB: one that is zero is not written, and is not in the snapshot.
      dd of="$device" bs=512K count="$limit" iflag=fullblock,count_bytes conv=sparse,notrunc,fsync status=progress 2>"$state/write.log"
      printf '%s\n' $? >"$state/write.status"
      head -c 1 | wc -c >"$state/excess"
    }
  codes=("${PIPESTATUS[@]}")
  wait "$hash"
  set -e
  trap 'fail internal "line $LINENO of the write program failed"' ERR
  written_status=$(cat "$state/write.status")
  [ "$written_status" -eq 0 ] || fail write-error "dd ended with status $written_status: $(tail -c 300 "$state/write.log")"
  [ "$(tr -d ' ' <"$state/excess")" = 0 ] || fail larger-than-said "the raw image is larger than $what bytes"
  [ "${codes[0]}" -eq 0 ] || fail corrupt-xz "xz ended with status ${codes[0]}: $(tail -c 300 "$state/xz.log")"
  [ "${codes[1]}" -eq 0 ] || fail write-error "tee ended with status ${codes[1]}"
  written=$(bytes_done "$state/write.log")
  [ "$expected" = - ] || [ "$written" = "$expected" ] ||
    fail shorter-than-said "the raw image has $written bytes; its index says $expected"
  [ "$written" -gt 0 ] || fail empty "the raw image is empty"
  raw_sha256=$(cat "$state/raw.sha256")
}

read_back() {
  phase read-back "$written" dd "$state/read-back.log"
  blockdev --flushbufs "$device"
  local got flags=fullblock,count_bytes
  [ $((written % 4096)) -ne 0 ] || flags+=$direct
  got=$(dd if="$device" bs=4M iflag="$flags" count="$written" status=progress 2>"$state/read-back.log" | sha256_of_input)
  [ "$got" = "$raw_sha256" ] ||
    fail read-back "the volume reads back with sha256 $got; sha256 $raw_sha256 was written"
}

# Leaves in $state/blank what is wrong with the volume from byte FROM on: a code and a text, or an empty file. A sparse copy
# skips zeros, and /dev/full refuses the first other byte; cmp would be slower, because it reads 4 KiB at a time.
find_blank() {
  local from=$1 rest=$((volume_bytes - $1)) log=$state/blank-check.log blank wrong= flags=fullblock,skip_bytes
  [ $((from % 4096)) -ne 0 ] || flags+=$direct
  if LC_ALL=C dd if="$device" of=/dev/full bs=4M iflag="$flags" conv=sparse skip="$from" status=progress 2>"$log"; then
    blank=$(bytes_done "$log")
    [ "$blank" = "$rest" ] || wrong="unreadable only $blank of the $rest bytes behind the image could be read"
  elif grep -q "error writing '/dev/full'" "$log"; then
    wrong="not-blank the volume was not blank: the first byte that is not zero comes after $(bytes_done "$log") of the $rest bytes behind the image"
  else
    wrong="unreadable the volume behind the image cannot be read: $(tail -c 300 "$log")"
  fi
  printf '%s' "$wrong" >"$state/blank"
}

# Takes long when the size of the raw image was unknown and the volume is far larger.
check_blank_rest() {
  local wrong
  phase blank-check "$((volume_bytes - written))" dd "$state/blank-check.log"
  if [ -n "${blank_look-}" ]; then wait "$blank_look"; else find_blank "$written"; fi
  wrong=$(cat "$state/blank")
  [ -z "$wrong" ] || fail "${wrong%% *}" "${wrong#* }"
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
