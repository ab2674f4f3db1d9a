#!/bin/bash
# Runs as the first process of new mount and PID namespaces: builds the instance's own tree, then becomes
# its init. Arguments: the machine's folder, which holds `local-cloud`, and the capabilities that its init loses
# (none without setpriv(1)). Prints what it found, then `ready`.
set -u
machine=$1
bounds=$2

fail() { printf 'failed %s\n' "$1"; exit 1; }

# The old /proc still belongs to the host, so this is the process id that the simulator can signal.
read -r host_pid _ < /proc/self/stat
printf 'pid %s\n' "$host_pid"

upper=$machine/upper
root=$machine/merged

# The guest may write everywhere; the host's files stay unchanged.
overlay_root() {
  mount -t overlay overlay -o "lowerdir=/,upperdir=$upper,workdir=$machine/work" "$root" && return
  # An upper layer cannot live on some filesystems (an overlay, as in a container); memory works everywhere.
  local memory=$machine/memory
  mkdir -p "$memory" && mount -t tmpfs -o size=256m tmpfs "$memory" || return 1
  mkdir "$memory/upper" "$memory/work"
  cp -a "$upper/." "$memory/upper/"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$memory/upper,workdir=$memory/work" "$root"
}

# An unprivileged user may not overlay a tree with mounts below it, so the guest gets the host's programs
# as they are, with its own tools bound over those of the host. The host's programs are not writable.
bound_root() {
  mount -t tmpfs -o mode=755,size=64m tmpfs "$root" || return 1
  local entry name tool place
  for entry in /usr /bin /sbin /lib* /etc /opt /nix; do
    if [ -L "$entry" ]; then cp -P "$entry" "$root$entry"
    elif [ -d "$entry" ]; then
      mkdir "$root$entry" && mount --rbind "$entry" "$root$entry" || return 1
      mount -o remount,bind,ro "$root$entry" 2>/dev/null || [ ! -w "$root$entry" ] || return 1
    fi
  done
  for tool in "$machine/local-cloud/bin/"*; do
    name=${tool##*/}
    [ "$name" = sleep ] && continue # the guest's calls the host's by this path
    for place in /usr/local/bin /usr/local/sbin /usr/bin /usr/sbin /bin /sbin; do
      [ -L "$root$place" ] || [ -L "$root$place/$name" ] || [ ! -f "$root$place/$name" ] ||
        mount --bind "$tool" "$root$place/$name" || return 1
    done
  done
}

if overlay_root 2>/dev/null; then
  # Filesystems of the host that hold its programs and name service are not part of the overlay.
  while read -r _ _ _ _ target _; do
    case $target in
      /usr | /usr/* | /bin | /sbin | /lib | /lib64 | /etc/* | /opt | /opt/* | /nix | /nix/*)
        mount --bind "$target" "$root$target" 2>/dev/null &&
          mount -o remount,bind,ro "$root$target" 2>/dev/null ;;
    esac
  done < /proc/self/mountinfo
else
  bound_root || fail 'neither an overlay nor bind mounts'
fi

missing=("$root/.old")
for own in proc sys dev run tmp root home var/tmp var/lib var/log; do
  [ -d "$root/$own" ] || missing+=("$root/$own")
done
mkdir -p "${missing[@]}"

# Mounts are made from a table by one mount(8): a call for each would be most of the work of a guest's start.
table=
to_mount() { # SOURCE TARGET TYPE OPTIONS
  local word line=
  for word in "$@"; do
    word=${word//\\/\\134} word=${word// /\\040} word=${word//$'\t'/\\011} word=${word//$'\n'/\\012}
    line+="$word "
  done
  table+="${line}0 0"$'\n'
}
mount_table() {
  printf '%s' "$table" > "$machine/mount-table" && table= && mount --all --fstab "$machine/mount-table"
}
to_mount proc "$root/proc" proc defaults
to_mount "$machine/dev" "$root/dev" none bind
for node in null zero full random urandom tty; do
  : > "$machine/dev/$node" || fail "no /dev/$node"
  to_mount "/dev/$node" "$root/dev/$node" none bind
done
for own in run tmp root home var/tmp var/lib var/log; do
  to_mount "$machine/$own" "$root/$own" none bind
done
to_mount "$machine/local-cloud" "$root/run/local-cloud" none bind
mount_table || fail 'no folders of its own, /proc or /dev in the namespace'

[ -d "$root/var/run" ] && [ ! -L "$root/var/run" ] && to_mount "$machine/run" "$root/var/run" none bind
for file in sysrq-trigger kcore timer_list; do
  [ -e "$root/proc/$file" ] && to_mount /dev/null "$root/proc/$file" none bind
done
to_mount "$root/proc/sys" "$root/proc/sys" none bind,ro
mount_table
# Without what is mounted below it: the guest must not see the host's control groups.
if mount --bind /sys "$root/sys" 2>/dev/null; then
  mount -o remount,bind,ro "$root/sys" 2>/dev/null || umount "$root/sys" || fail 'no read-only /sys'
fi
# Through these the guest talks to the simulator: its console, and what its tools ask for.
mkfifo -m 600 "$machine/dev/console" "$machine/local-cloud/events" || fail 'no named pipes'

umount=$(type -P umount) || fail 'no umount'
cd "$root" || fail 'no root'
if pivot_root . .old 2>/dev/null; then
  # By its old path: under the new root `umount` is the guest's own tool, which only keeps a table.
  "/.old$umount" -l /.old || fail 'the host stays reachable'
  rmdir /.old
  cd /
  start=()
else
  start=(chroot .)
fi

# Root of the guest is not root of the host: no mounts, modules, clock, raw devices or power switch.
if [ -n "$bounds" ]; then
  exec ${start[@]+"${start[@]}"} setpriv --bounding-set="$bounds" bash /run/local-cloud/init.sh
fi
exec ${start[@]+"${start[@]}"} bash /run/local-cloud/init.sh
