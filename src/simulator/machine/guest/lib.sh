# What the guest's own tools share; sourced with MACHINE set.
. "$MACHINE/facts"
disks_file=$MACHINE/disks
mounts_file=$MACHINE/mounts
units=$MACHINE/units

# Reports to the simulator what only it can do, such as switching the power off.
report() { printf '%s\n' "$*" > "$MACHINE/events"; }

# Prints the line of the disk table that a path means: name, serial, bytes, path, root (tab-separated).
disk_of() {
  local path=$1 name serial bytes node root
  [ -L "$path" ] && path=$(readlink -f -- "$path")
  while IFS=$'\t' read -r name serial bytes node root; do
    if [ "$node" = "$path" ]; then
      printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$serial" "$bytes" "$node" "$root"
      return 0
    fi
  done < "$disks_file"
  return 1
}

# A regular file that stands for a disk loses its length to `>`; a device would not.
restore_sizes() {
  local name serial bytes node root
  while IFS=$'\t' read -r name serial bytes node root; do
    [ -f "$node" ] && [ "$(stat -c %s -- "$node")" != "$bytes" ] && truncate -s "$bytes" -- "$node"
  done < "$disks_file"
}

# Process ids of a session, without the asker's own.
session_pids() {
  local stat rest fields
  for stat in /proc/[0-9]*/stat; do
    { read -r rest < "$stat"; } 2>/dev/null || continue
    read -r -a fields <<< "${rest##*) }"
    [ "${fields[3]:-}" = "$1" ] && printf '%s\n' "${rest%% *}"
  done
}
