# Prints a part of the last 32 KiB of a test's output, in base64: SSM keeps 24,000 characters.
# usage: read-output.sh UNIT OFFSET COUNT
set -euo pipefail
unit=$1 offset=$2 count=$3
tail -c 32768 "${HOME:-/root}/.fedimg/$unit/output" | tail -c "+$((offset + 1))" | head -c "$count" | base64 -w 0
