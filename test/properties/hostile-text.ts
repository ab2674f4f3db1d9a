/** Texts as somebody sends them who means harm: by grammar, each for a place where a text becomes something else. */

import fc from 'fast-check';

/** Each of these ran as a command, left its folder, moved a cursor or passed for another somewhere. */
const SHELL = [
  '$(touch canary)',
  '`touch canary`',
  "'; touch canary; '",
  '"; touch canary; "',
  "'$(touch canary)'",
  "\\'; touch canary; #",
  '& touch canary &',
  '| touch canary',
  '\ntouch canary\n',
  '\r\ntouch canary',
  '$IFS$9touch$IFS$9canary',
  '${PATH:0:1}',
  '!!',
  '~root',
  '*',
  '{a,b}',
  '>canary',
  '-rf',
  '--',
  '--output=canary',
  "$'\\x74ouch canary'",
  'FEDIMG-END-OF-SCRIPT',
  '\nFEDIMG-END-OF-SCRIPT\ntouch canary\n',
];
const PATHS = [
  '..',
  '../..',
  '../../../../etc/passwd',
  '/etc/passwd',
  '..\\..\\',
  '%2e%2e%2f',
  '%252e%252e%252f',
  '..%c0%af',
  '..;/',
  './',
  '//',
  '\\\\host\\share',
  'file:///etc/passwd',
  'CON',
  '.',
  '....//',
];
const TERMINAL = [
  '\u001b[2J',
  '\u001b]0;title\u0007',
  '\u009b31m',
  '\u0007',
  '\b\b\b',
  '\r',
  '\n',
  '\u0000',
  '\u007f',
  '\u202e',
  '\u2066',
  '\u200b',
  '\ufeff',
  '\u2028',
  '\u2029',
  '\u061c',
  '\u{e0041}',
];
const LOOK_ALIKES = [
  '\u0430',
  '\u043e',
  'Сloud',
  'ｅ',
  '\u2024',
  '\uff0f',
  '\u2215',
  '\u037e',
  'ı',
  'ß',
  '\u212a',
];
const PROTOTYPE = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
];
const MARKUP = [
  '<script>alert(1)</script>',
  '| a | b |',
  '[x](javascript:0)',
  '"><img src=x>',
  '&amp;',
  ']]>',
  '`',
  '**',
];
const NUMBERS = [
  '0',
  '-1',
  '1e999',
  'NaN',
  'Infinity',
  '9007199254740993',
  '0x7f',
  '00',
  '1_000',
  '٣',
  '',
];
const SURROGATES = ['\ud800', '\udfff', '\udc00\ud800'];

const LISTS = [SHELL, PATHS, TERMINAL, LOOK_ALIKES, PROTOTYPE, MARKUP, NUMBERS, SURROGATES];

/** Prototype keys and the like, as names of keys. */
export const hostileKey: fc.Arbitrary<string> = fc.constantFrom(
  ...PROTOTYPE,
  ...TERMINAL,
  '',
  'a.b',
  '0',
);

/** One hostile piece. */
export const hostilePiece: fc.Arbitrary<string> = fc.oneof(
  ...LISTS.map((list) => fc.constantFrom(...list)),
);

/** A piece of 64 KiB or less: `x`, brackets, quotes, percents, or a hostile piece over and over. */
const longPiece: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(hostilePiece, fc.constantFrom('x', '[', '"', '%', '\\', '/', 'a.')),
    fc.constantFrom(257, 4097, 65_536),
  )
  .map(([piece, length]) =>
    piece.repeat(Math.ceil(length / Math.max(1, piece.length))).slice(0, length),
  );

/** Any code points, lone surrogates too. fast-check's own units for this keep 100 MiB of tables. */
function anyCharacters(lengthMax: number): fc.Arbitrary<string> {
  const codePoint = fc.oneof(
    fc.integer({ min: 0, max: 0xff }),
    fc.integer({ min: 0x300, max: 0x36f }),
    fc.integer({ min: 0, max: 0xffff }),
    fc.integer({ min: 0, max: 0x10ffff }),
  );
  return fc.array(codePoint, { maxLength: lengthMax }).map((all) => String.fromCodePoint(...all));
}

/** Text that only an attacker would send. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: hostilePiece },
  { weight: 4, arbitrary: fc.array(hostilePiece, { maxLength: 4 }).map((all) => all.join('')) },
  { weight: 3, arbitrary: anyCharacters(60) },
  { weight: 1, arbitrary: longPiece },
);

/** The same, but none of them long: for many at once. */
export const shortHostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: hostilePiece },
  { weight: 4, arbitrary: fc.array(hostilePiece, { maxLength: 3 }).map((all) => all.join('')) },
  { weight: 3, arbitrary: anyCharacters(30) },
);

/** A good text with one place made bad: a piece put in, put in place, or taken out. */
export function poisonedText(good: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  return fc.tuple(good, place, fc.nat({ max: 3 }), hostileText).map(([text, at, cut, piece]) => {
    const from = Math.floor(at * (text.length + 1));
    return text.slice(0, from) + piece + text.slice(from + cut);
  });
}

/** Mostly poisoned, some wholly hostile, and a few good ones: a check that refuses all is none. */
export function around(good: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 5, arbitrary: poisonedText(good) },
    { weight: 3, arbitrary: hostileText },
    { weight: 2, arbitrary: good },
  );
}
