import assert from 'node:assert/strict';
import { IniError, parseIni } from '../../src/config/legacy/ini.js';

/** As RawConfigParser of Python 2.7.18 read each of these; null is what it refused. */
const AS_PYTHON_READS: [what: string, text: string, read: Record<string, string> | null][] = [
  [
    'a value of several lines, with a blank one between them',
    '[aws]\namis = us-east-1|a\n\n       eu-west-1|b\n',
    { 'aws/amis': 'us-east-1|a\neu-west-1|b' },
  ],
  [
    'a value that begins on the next line',
    '[aws]\namis =\n  us-east-1|a\n',
    { 'aws/amis': '\nus-east-1|a' },
  ],
  [
    'a comment among continuation lines, which is none',
    '[aws]\namis = us-east-1|a\n  # eu-west-1|b\n',
    { 'aws/amis': 'us-east-1|a\n# eu-west-1|b' },
  ],
  [
    'a comment at the margin, which ends no value',
    '[aws]\namis = us-east-1|a\n# no more\n; nor these\nrem nor these\n  eu-west-1|b\n',
    { 'aws/amis': 'us-east-1|a\neu-west-1|b' },
  ],
  [
    'a colon for the equals sign, and one within the value',
    '[koji]\nserver: https://koji.example/hub\n',
    { 'koji/server': 'https://koji.example/hub' },
  ],
  [
    'an equals sign within the value',
    '[aws]\ntest = A=1 /bin/true\n',
    { 'aws/test': 'A=1 /bin/true' },
  ],
  [
    'a comment behind the value',
    '[aws]\nkeyname = fedimg ; of 2014\n',
    { 'aws/keyname': 'fedimg' },
  ],
  [
    'a semicolon of the shell, which begins no comment',
    '[aws]\ntest = /bin/true; echo $? > test.log\n',
    { 'aws/test': '/bin/true; echo $? > test.log' },
  ],
  [
    'a hash behind the value, which begins no comment',
    '[aws]\nkeyname = fedimg # 2014\n',
    { 'aws/keyname': 'fedimg # 2014' },
  ],
  [
    'a percent sign, which stands for nothing else',
    '[aws]\ntest = date +%Y; echo %(keyname)s\nkeyname = x\n',
    { 'aws/test': 'date +%Y; echo %(keyname)s', 'aws/keyname': 'x' },
  ],
  ['a key in capitals', '[aws]\nKeyName = x\n', { 'aws/keyname': 'x' }],
  ['a key that stands twice', '[aws]\nkeyname = x\nkeyname = y\n', { 'aws/keyname': 'y' }],
  [
    'a section that stands twice',
    '[aws]\nkeyname = x\n[koji]\nserver = s\n[aws]\nkeypath = p\n',
    { 'aws/keyname': 'x', 'koji/server': 's', 'aws/keypath': 'p' },
  ],
  [
    'an empty value, also as two quotes',
    '[aws]\nkeyname =\nkeypath = ""\n',
    { 'aws/keyname': '', 'aws/keypath': '' },
  ],
  [
    'lines that end as on Windows',
    '[aws]\r\namis = a|b|c\r\n       d|e|f\r\n',
    { 'aws/amis': 'a|b|c\nd|e|f' },
  ],
  ["text behind a section's bracket", '[aws] ; production\nkeyname = x\n', { 'aws/keyname': 'x' }],
  ['a last line without an end', '[aws]\nkeyname = x', { 'aws/keyname': 'x' }],
  ['a key before any section', 'keyname = x\n', null],
  ['an item of a list at the margin', '[aws]\namis = us-east-1|a\neu-west-1|b\n', null],
  ['an indented line that continues nothing', '[aws]\n  keyname = x\n', null],
  ['an indented line below a section', '[aws]\nkeyname = x\n[koji]\n  y\n', null],
  ['a key without a name', '[aws]\n= x\n', null],
  ['a section without a name', '[aws]\nkeyname = x\n[]\n', null],
];

/** The last of several counts, as in Python. */
function read(text: string): Record<string, string> | null {
  try {
    const pairs = parseIni(text).map(({ section, key, value }) => [
      `${section}/${key}`,
      value.map((line) => line.text).join('\n'),
    ]);
    return Object.fromEntries(pairs) as Record<string, string>;
  } catch (error) {
    assert(error instanceof IniError, String(error));
    return null;
  }
}

describe('an INI file', () => {
  for (const [what, text, expected] of AS_PYTHON_READS) {
    it(`is read as the old fedimg did: ${what}`, () => assert.deepEqual(read(text), expected));
  }

  it('has the line of every key and of every item of a list', () => {
    const [first, second] = parseIni('# old\n[aws]\n\namis = a\n\n  b\nkeyname = x\n');
    assert.deepEqual(first, {
      section: 'aws',
      key: 'amis',
      line: 4,
      value: [
        { text: 'a', line: 4 },
        { text: 'b', line: 6 },
      ],
    });
    assert.equal(second?.line, 7);
  });

  it('that is broken is reported with the line, and never shows a secret that lost its key', () => {
    assert.throws(
      () => parseIni('[aws]\nkeyname = x\nsecret_key wJalrXUtnFEMI\n'),
      (error) => {
        assert(error instanceof IniError, String(error));
        assert.equal(error.line, 3);
        assert.match(error.message, /must be indented/);
        assert.doesNotMatch(error.message, /wJalr/);
        return true;
      },
    );
  });
});
