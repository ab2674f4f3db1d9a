#!/bin/bash
# Runs as the first process of new mount and PID namespaces: builds the instance's own tree, then becomes
# its init. Arguments: the machine's folder, which holds `local-cloud`. Prints what it found, then `ready`.
set -u
machine=$1

fail() { printf 'failed %s\n' "$1"; exit 1; }

# The old /proc still belongs to the host, so this is the process id that the simulator can signal.
read -r host_pid _ < /proc/self/stat
printf 'pid %s\n' "$host_pid"

upper=$machine/upper
root=$machine/merged
mkdir -p "$upper" "$machine/work" "$root"

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

(cd "$root" && mkdir -p proc sys dev run tmp root home var/tmp var/lib var/log "$machine/run/local-cloud")
mount -t proc proc "$root/proc" || fail 'no /proc in the namespace'
for file in sysrq-trigger kcore timer_list; do
  [ -e "$root/proc/$file" ] && mount --bind /dev/null "$root/proc/$file"
done
mount --bind "$root/proc/sys" "$root/proc/sys" && mount -o remount,bind,ro "$root/proc/sys"
# Without what is mounted below it: the guest must not see the host's control groups.
if mount --bind /sys "$root/sys" 2>/dev/null; then
  mount -o remount,bind,ro "$root/sys" 2>/dev/null || umount "$root/sys" || fail 'no read-only /sys'
fi

mount --bind "$machine/dev" "$root/dev" || fail 'no /dev'
for node in null zero full random urandom tty; do
  : > "$machine/dev/$node" && mount --bind "/dev/$node" "$root/dev/$node" || fail "no /dev/$node"
done
for own in run tmp root home var/tmp var/lib var/log; do
  mount --bind "$machine/$own" "$root/$own" || fail "no /$own"
done
mount --bind "$machine/local-cloud" "$root/run/local-cloud" || fail 'no /run/local-cloud'
[ -d "$root/var/run" ] && [ ! -L "$root/var/run" ] && mount --bind "$machine/run" "$root/var/run"

umount=$(type -P umount) || fail 'no umount'
cd "$root" || fail 'no root'
if mkdir -p "$root/.old" && pivot_root . .old 2>/dev/null; then
  # By its old path: under the new root `umount` is the guest's own tool, which only keeps a table.
  "/.old$umount" -l /.old || fail 'the host stays reachable'
  rmdir /.old
  cd /
  start=()
else
  start=(chroot .)
fi

# Root of the guest is not root of the host: no mounts, modules, clock, raw devices or power switch.
drop='-sys_admin,-sys_boot,-sys_module,-sys_rawio,-sys_time,-mknod,-syslog,-net_admin,-audit_control,-mac_admin'
if setpriv --bounding-set="$drop" true 2>/dev/null; then
  exec "${start[@]}" setpriv --bounding-set="$drop" bash /run/local-cloud/init.sh
fi
exec ${start[@]+"${start[@]}"} bash /run/local-cloud/init.sh
