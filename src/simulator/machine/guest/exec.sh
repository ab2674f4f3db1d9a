#!/bin/bash
# Runs one script inside the guest: its text comes on standard input, so the simulator itself never writes
# where the guest could have put a symbolic link. Arguments: directory, path for the script, `bash` or `sh`.
directory=$1 script=$2 shell=$3
{ [ -d "${script%/*}" ] || mkdir -p "${script%/*}"; } && cat > "$script" && chmod 700 "$script" || exit 126
exec < /dev/null
cd -- "$directory" 2>/dev/null || { printf 'local-cloud: no such directory\n' >&2; exit 125; }
read -r -n 2 magic < "$script"
[ "$magic" = '#!' ] && exec "$script"
# `sh` is bash on Amazon Linux; elsewhere it is the image's own.
[ "$shell" = bash ] && exec -a sh "$BASH" "$script"
exec sh "$script"
