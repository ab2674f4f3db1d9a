/** Adapts a script's text to a guest whose devices or folders have other paths than on a machine. */

import type { GuestMode } from './guest-mode-name.js';

/** Path prefixes that belong to the machine; without a mount namespace the script's text is changed. */
const ownPrefixes = [
  '/dev/nvme',
  '/dev/xvd',
  '/dev/sd',
  '/dev/disk',
  '/dev/console',
  '/dev/ttyS0',
  '/var/lib(?![\\w-])',
  '/var/log(?![\\w-])',
  '/var/tmp(?![\\w-])',
  '/run(?![\\w-])',
  '/tmp(?![\\w-])',
  '/root(?![\\w-])',
  '/home(?![\\w-])',
];
/** Tools whose absolute path must not reach the host's: `/sbin/shutdown` above all. */
const ownTools =
  'lsblk|blockdev|mount|umount|findmnt|mountpoint|dd|systemd-run|systemctl|journalctl|shutdown|poweroff|halt|' +
  'reboot|dnf|yum|microdnf|rpm|apt-get|apt|dpkg|snap|zypper|uname|arch|hostname|hostnamectl|getenforce|' +
  'selinuxenabled|wall|udevadm|partprobe|cloud-init|ec2-metadata|sudo';

/** What may stand before a path that begins there; a letter or a slash means that it is part of another word. */
const boundary = `(?<![\\w./-])`;

/**
 * In a mode without real block devices, a test for one (`[ -b …`) would fail on the file that stands for
 * it, so it becomes a test for existence. Without namespaces, absolute paths become the machine's own.
 */
export function adaptScript(text: string, mode: GuestMode, directory: string): string {
  if (mode === 'loop') return text;
  const tested = text.replace(/(\[{1,2}|\btest)(\s+(?:!\s+)?)-b(?=\s)/g, '$1$2-e');
  if (mode === 'files') return tested;
  const paths = ownPrefixes.map((prefix) => prefix.slice(1)).join('|');
  // What lies in the machine's folder already, such as a device name that lsblk printed, stays as it is.
  const own = `${escapePattern(directory)}(?![\\w-])[^\\s'"]*`;
  const pattern = new RegExp(
    `${own}|${boundary}/(?:(${paths})|(?:usr/)?s?bin/(${ownTools})(?![\\w-]))`,
    'g',
  );
  return tested.replace(pattern, (found: string, prefix?: string, tool?: string) => {
    if (prefix !== undefined) {
      return `${directory}/${prefix === 'dev/ttyS0' ? 'dev/console' : prefix}`;
    }
    return tool === undefined ? found : `${directory}/local-cloud/bin/${tool}`;
  });
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
