/** IP addresses: which are public, and which a stranger must not reach through fedimg. */
import { BlockList, isIP } from 'node:net';

/** From where an address can be reached. */
export type AddressClass = 'public' | 'loopback' | 'link-local' | 'private' | 'reserved';

/** Special-purpose IPv4 networks (IANA registry); everything else is public. */
const IPV4: readonly (readonly [network: string, bits: number, is: AddressClass])[] = [
  ['0.0.0.0', 8, 'reserved'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'private'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'reserved'],
  ['192.88.99.0', 24, 'reserved'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'reserved'],
  ['198.51.100.0', 24, 'reserved'],
  ['203.0.113.0', 24, 'reserved'],
  ['224.0.0.0', 4, 'reserved'],
  ['240.0.0.0', 4, 'reserved'],
];

/** In IPv6 only 2000::/3 is public; this table has the classes outside of it and the exceptions within. */
const IPV6: readonly (readonly [network: string, bits: number, is: AddressClass])[] = [
  ['::1', 128, 'loopback'],
  ['fe80::', 10, 'link-local'],
  ['fc00::', 7, 'private'],
  ['fec0::', 10, 'private'],
  ['2001::', 23, 'reserved'],
  ['2001:db8::', 32, 'reserved'],
  // 6to4 wraps any IPv4 address, private ones too.
  ['2002::', 16, 'reserved'],
  ['3fff::', 20, 'reserved'],
  ['2000::', 3, 'public'],
];

const RANGES = {
  ipv4: IPV4.map(([network, bits, is]) => ({ list: listOf(network, bits, 'ipv4'), is })),
  ipv6: IPV6.map(([network, bits, is]) => ({ list: listOf(network, bits, 'ipv6'), is })),
};

function listOf(network: string, bits: number, family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list;
}

/** The class of an address; IPv4 within IPv6 (mapped, NAT64) is classified as IPv4. A text that is not an address is `reserved`. */
export function classifyAddress(address: string): AddressClass {
  const bare = unwrapIPv4(address.replace(/%.*$/, ''));
  const version = isIP(bare);
  if (version === 0) return 'reserved';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const hit = RANGES[family].find(({ list }) => list.check(bare, family));
  return hit?.is ?? (version === 4 ? 'public' : 'reserved');
}

/** The IPv4 address inside `::ffff:a.b.c.d` or NAT64's `64:ff9b::/96`; any other address unchanged. */
function unwrapIPv4(address: string): string {
  if (isIP(address) !== 6) return address;
  // The URL parser writes every IPv6 address in one canonical form, the last 32 bits as two groups.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const wrapped = /^(?:::ffff:|64:ff9b::)(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/.exec(canonical);
  if (!wrapped) return address;
  const high = Number.parseInt(wrapped[1] ?? '0', 16);
  const low = Number.parseInt(wrapped[2] ?? '0', 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** A network from an address or CIDR notation, or `undefined`. */
export function parseNetwork(text: string): BlockList | undefined {
  const match = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(text);
  const address = match?.[1] ?? '';
  const version = isIP(address);
  if (version === 0) return undefined;
  const bitsMax = version === 4 ? 32 : 128;
  const bits = match?.[2] === undefined ? bitsMax : Number(match[2]);
  if (bits > bitsMax) return undefined;
  return listOf(address, bits, version === 4 ? 'ipv4' : 'ipv6');
}

/** Whether an address lies in a network; a mapped IPv4 address in an IPv4 network does. */
export function isInNetwork(network: BlockList, address: string): boolean {
  const bare = unwrapIPv4(address);
  const version = isIP(bare);
  return version !== 0 && network.check(bare, version === 4 ? 'ipv4' : 'ipv6');
}
