/** Hosts and addresses that must not be reached, in every way in which they can be written. */

import fc from 'fast-check';

type Octets = readonly [number, number, number, number];

/** RFC 6890 and its successors, from the RFCs and not from the program's own table. */
const RANGES: readonly (readonly [from: Octets, to: Octets])[] = [
  [
    [0, 0, 0, 0],
    [0, 255, 255, 255],
  ],
  [
    [10, 0, 0, 0],
    [10, 255, 255, 255],
  ],
  [
    [100, 64, 0, 0],
    [100, 127, 255, 255],
  ],
  [
    [127, 0, 0, 0],
    [127, 255, 255, 255],
  ],
  [
    [169, 254, 0, 0],
    [169, 254, 255, 255],
  ],
  [
    [172, 16, 0, 0],
    [172, 31, 255, 255],
  ],
  [
    [192, 0, 2, 0],
    [192, 0, 2, 255],
  ],
  [
    [192, 168, 0, 0],
    [192, 168, 255, 255],
  ],
  [
    [198, 18, 0, 0],
    [198, 19, 255, 255],
  ],
  [
    [198, 51, 100, 0],
    [198, 51, 100, 255],
  ],
  [
    [203, 0, 113, 0],
    [203, 0, 113, 255],
  ],
  [
    [224, 0, 0, 0],
    [239, 255, 255, 255],
  ],
  [
    [240, 0, 0, 0],
    [255, 255, 255, 255],
  ],
];

const NAMED: readonly Octets[] = [
  [127, 0, 0, 1],
  [169, 254, 169, 254],
  [169, 254, 170, 2],
  [10, 0, 0, 1],
  [192, 168, 1, 1],
  [0, 0, 0, 0],
];

/** An IPv4 address that is not public. */
const octets: fc.Arbitrary<Octets> = fc.oneof(
  fc.constantFrom(...NAMED),
  fc
    .constantFrom(...RANGES)
    .chain(([from, to]) =>
      fc.tuple(
        fc.integer({ min: from[0], max: to[0] }),
        fc.integer({ min: from[1], max: to[1] }),
        fc.integer({ min: from[2], max: to[2] }),
        fc.integer({ min: from[3], max: to[3] }),
      ),
    ),
);

const hex = (value: number): string => value.toString(16);
const dotted = (all: Octets): string => all.join('.');
const groups = ([a, b, c, d]: Octets): string => `${hex(a * 256 + b)}:${hex(c * 256 + d)}`;
const whole = ([a, b, c, d]: Octets): number => ((a * 256 + b) * 256 + c) * 256 + d;

/** As a resolver answers it: canonical, mapped into IPv6, or of IPv6 itself. */
export const foreignAddress: fc.Arbitrary<string> = fc.oneof(
  octets.map(dotted),
  octets.chain((all) =>
    fc.constantFrom(
      `::ffff:${dotted(all)}`,
      `::FFFF:${groups(all)}`,
      `0:0:0:0:0:ffff:${groups(all)}`,
      `::${dotted(all)}`,
      `64:ff9b::${dotted(all)}`,
      `64:ff9b:1::${groups(all)}`,
      `2002:${groups(all)}::1`,
      `::ffff:0:${dotted(all)}`,
    ),
  ),
  fc
    .tuple(
      fc.constantFrom(
        'fe80',
        'febf',
        'fc00',
        'fd12',
        'fec0',
        'ff02',
        '2001:db8',
        '3fff',
        '100',
        '5f00',
      ),
      fc.nat({ max: 0xffff }),
      fc.constantFrom('', '%eth0', '%25lo'),
    )
    .map(([prefix, low, zone]) => `${prefix}::${hex(low)}${zone}`),
  fc.constantFrom('::', '::1', '0:0:0:0:0:0:0:1', '::1%lo', '2001::1', 'fe80::1%1'),
);

/** As a URL may write it: decimal, octal, hexadecimal, short, IPv6, IDN look-alikes, names that resolve there. */
export const foreignHost: fc.Arbitrary<string> = fc.oneof(
  octets.chain((all) =>
    fc.constantFrom(
      dotted(all),
      String(whole(all)),
      `0x${hex(whole(all))}`,
      `0${whole(all).toString(8)}`,
      all.map((one) => `0${one.toString(8)}`).join('.'),
      all.map((one) => `0x${hex(one)}`).join('.'),
      `${all[0]}.${all[3]}`,
      `${dotted(all)}.`,
      `[::ffff:${dotted(all)}]`,
      `[::ffff:${groups(all)}]`,
      `[64:ff9b::${groups(all)}]`,
      `${dotted(all)}.nip.io`,
      dotted(all).replaceAll('.', '\u3002'),
      dotted(all).replaceAll('.', '%2e'),
    ),
  ),
  fc.constantFrom(
    'localhost',
    'LOCALHOST.',
    'localhost.localdomain',
    '[::1]',
    '[::]',
    '[fe80::1%25eth0]',
    'metadata.google.internal',
    'instance-data',
    'kojipkgs.fedoraproject.org.evil.example',
    'evil.example#kojipkgs.fedoraproject.org',
    'evil.example\\kojipkgs.fedoraproject.org',
    'k\u043ejipkgs.fedoraproject.org',
    'xn--kjipkgs-l4f.fedoraproject.org',
    'kojipkgs\u3002fedoraproject\uff0eorg',
    'kojipkgs.fedoraproject.org.',
    'kojipkgs.fedoraproject.org\u0000.evil.example',
    'ⓚojipkgs.fedoraproject.org',
    '①②⑦.⓪.⓪.①',
    '',
  ),
);
