import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { noteText } from '../../src/config/legacy/errors.js';
import { RULES } from '../../src/config/legacy/rules.js';
import { eachWithLegacyImports, SCRIPT, withAmis } from './legacy-imports.js';
import { FEDORA_2015, FEDORA_2018, LEAST_OLD, SECRETS } from './legacy-samples.js';

describe('a configuration of the old fedimg', () => {
  const { importText, load, refusal, notesOn } = eachWithLegacyImports();

  it('shows no secret, in the new file or in a note', async () => {
    for (const text of [FEDORA_2015, FEDORA_2018]) {
      const all = JSON.stringify(await importText(text, SCRIPT));
      for (const secret of SECRETS) assert(!all.includes(secret), secret);
    }
    const [note] = await notesOn(FEDORA_2015, 'aws.secret_key');
    assert.match(note ?? '', /^15 .*AWS's default chain; .*AWS_SECRET_ACCESS_KEY/);
  });

  it('shows no secret that stands where a key should', async () => {
    const secret = 'wJalrXUtnFEMIxK7MDENGxbPxRfiCYEXAMPLEKEY';
    const { notes } = await importText(
      `${LEAST_OLD}secret_key =\n${secret}==\n[${secret}]\na = b\n`,
    );
    assert.doesNotMatch(JSON.stringify(notes), /wjalr|bpxr/i);
    const { message } = await refusal(`${LEAST_OLD}secret_key\n${secret}\n`);
    assert.doesNotMatch(message, /wjalr/i);
  });

  it('runs its test command in a script, since /bin/true is a program and not a script', async () => {
    const { script, toml } = await importText(FEDORA_2015);
    assert.match(toml, /^script = "fedimg-test\.sh"$/m);
    assert.equal(script?.name, 'fedimg-test.sh');
    assert.match(script?.text ?? '', /^#!\/bin\/bash\n#.*\n\/bin\/true\n$/);
    const [note] = await notesOn(FEDORA_2015, 'aws.test');
    assert.match(
      note ?? '',
      /^22 aws\.test \(now test\.script\).*the old fedimg ignored this key and ran "true"/,
    );
  });

  it('with a test command of several lines keeps them all', async () => {
    const { script } = await importText(
      LEAST_OLD.replace(/test = .*/, 'test = set -e\n  date +%Y\n  test -f "/etc/fedora-release"'),
    );
    assert.match(script?.text ?? '', /\nset -e\ndate \+%Y\ntest -f "\/etc\/fedora-release"\n$/);
  });

  it('without a test command is refused, since AMIs become public only after a test', async () => {
    for (const text of [
      FEDORA_2018,
      LEAST_OLD.replace(/test = .*/, ''),
      LEAST_OLD.replace(/test = .*/, 'test ='),
    ]) {
      const error = await refusal(text);
      assert.match(error.message, /no test command/);
      assert.match(error.next, /--test-script FILE/);
    }
    const { notes } = await refusal(FEDORA_2018);
    assert(notes.length > 5, 'what was found out is told all the same');
  });

  it('with --test-script is imported with a note that the old command is left out', async () => {
    const { toml, script, notes } = await importText(LEAST_OLD.replace('/usr/bin', '/bin'), SCRIPT);
    assert.equal(script, null);
    assert(toml.includes(`script = "${SCRIPT}"`), toml);
    assert(
      notes.some(({ key, why }) => key === 'aws.test' && why.includes('left out')),
      JSON.stringify(notes),
    );
  });

  it('with an invisible character in its test command is refused', async () => {
    const error = await refusal(
      LEAST_OLD.replace(/test = .*/, 'test = rm -rf /\u001b[2K/bin/true'),
    );
    assert.match(error.message, /invisible character.*\\u001b/);
    assert.equal(error.line, 4);
  });

  it('keeps a failed image when either of two keys says so, which the old fedimg never did', async () => {
    assert.equal((await load(LEAST_OLD)).test.keepFailedMs, undefined);
    for (const key of ['clean_up', 'delete_image', 'delete_images']) {
      const text = LEAST_OLD.replace(/^clean_up.*/m, `${key}_on_failure = False`);
      assert.equal((await load(text)).test.keepFailedMs, 3 * 24 * 3_600_000, key);
      const [note] = await notesOn(text, `general.${key}_on_failure`);
      assert.match(note ?? '', /read every word as true/);
    }
    const { toml } = await importText(FEDORA_2018, SCRIPT);
    assert.match(toml, /^keep_failed = true$/m);
  });

  it('uses its volume size for images of unknown size', async () => {
    assert.equal((await load(FEDORA_2015)).utility.fallbackVolumeSizeGiB, 6);
    for (const size of ['0', '1025', '6.5', '0x6', 'big', '']) {
      const text = LEAST_OLD.replace('[aws]', `[aws]\nutil_volume_size = ${size}`);
      assert.equal((await load(text)).utility.fallbackVolumeSizeGiB, 10, size);
      assert.match((await notesOn(text, 'aws.util_volume_size'))[0] ?? '', /left out/);
    }
  });

  it('of fedimg 2.x, without an AMI list, gets Amazon Linux 2023 in its base region', async () => {
    const { toml, notes } = await importText(FEDORA_2018, SCRIPT);
    assert.match(toml, /\[\[amis\]\]\nregion = "us-east-1"\nami = "al2023"\narch = "x86_64"\n/);
    assert.match(toml, /^volume_types = \["standard", "gp2"\]$/m);
    assert(
      notes.some(({ key, line }) => key === 'aws.base_region' && line === 12),
      JSON.stringify(notes),
    );
  });

  it('of fedimg since 1.0 goes on without paravirtual AMIs: it made HVM only', async () => {
    const base = '[aws]\nbase_region = "us-east-1"\n';
    for (const [key, text] of [
      ['bucket_name', FEDORA_2018],
      ['volume_types', `${base}volume_types = ["gp2"]\n`],
      ['bucket_name', `${base}bucket_name = "fedora-s3-bucket-fedimg"\n`],
      ['base_region', base],
    ] as const) {
      const { toml, notes } = await importText(text, SCRIPT);
      assert.match(toml, /^virtualization_types = \["hvm"\]$/m, text);
      const note = notes.find(({ becomes }) => becomes === 'publish.virtualization_types');
      assert.equal(note?.key, `aws.${key}`);
    }
    const { publish } = await load(LEAST_OLD);
    assert.deepEqual(publish.virtualizationTypes, ['hvm', 'paravirtual']);
  });

  it('with a mistake in its TOML is reported at the mistake, not as a broken INI file', async () => {
    const broken = [
      [FEDORA_2018.replace("'gp2']", "'gp2'"), 18],
      [FEDORA_2018.replace("'us-east-1'\n", "'us-east-1\n"), 12],
      [FEDORA_2018.replace('process_count = 1', 'process_count 1'), 4],
      [FEDORA_2018.replace('root_volume_size = 6', 'root_volume_size = 6 GiB'), 8],
    ] as const;
    for (const [text, line] of broken) {
      const error = await refusal(text);
      assert.match(error.message, new RegExp(`^is not valid TOML: line ${line}, column \\d+: `));
      assert.equal(error.line, line);
      assert.match(error.next, /correct the TOML there/);
      for (const secret of SECRETS) assert(!error.message.includes(secret), error.message);
    }
  });

  it('of fedimg 2.x with a wrong volume type or region gets a note on it, and keeps the others', async () => {
    const { toml, notes } = await importText(
      FEDORA_2018.replace("'eu-west-3'", "'moon'").replace("'gp2'", "'io1'"),
      SCRIPT,
    );
    assert.match(toml, /^volume_types = \["standard"\]$/m);
    assert.doesNotMatch(toml, /moon|io1/);
    const told = notes.map((note) => `${note.line} ${noteText(note)}`).join('\n');
    assert.match(told, /^16 aws\.regions .*"moon"/m);
    assert.match(told, /^17 aws\.volume_types .*"io1"/m);
  });

  it('is imported with a note on every other key: why it has no counterpart, and what to do', async () => {
    const { notes } = await importText(FEDORA_2015);
    const told = new Set(notes.map(({ key }) => key));
    const keys = [
      'aws.keypath',
      'aws.iam_profile',
      'koji.server',
      'rackspace.api_key',
      'hp.tenant',
    ];
    for (const key of keys) assert(told.has(key), key);
    for (const note of notes) {
      assert.match(noteText(note), /^[\w.]+ (?:has no counterpart:|\(now .+\)) .+; .+$/);
      assert.doesNotMatch(noteText(note), /\n|no such key/);
    }
    assert.deepEqual(
      notes,
      notes.toSorted((a, b) => a.line - b.line),
    );
  });

  it('with an unknown key gets a note with the most similar key', async () => {
    const text = `${LEAST_OLD}keypaht = x\ncolour = blue\n[AWS]\nkeyname = x\n[constructor]\n__proto__ = 1\n`;
    assert.match(
      (await notesOn(text, 'aws.keypaht'))[0] ?? '',
      /^7 .*no such key; .*keypath was meant/,
    );
    assert.match((await notesOn(text, 'aws.colour'))[0] ?? '', /^8 .*no such key; nothing to do/);
    assert.match((await notesOn(text, 'AWS.keyname'))[0] ?? '', /aws was meant/);
    assert.equal((await notesOn(text, 'constructor.__proto__')).length, 1);
  });

  it('with a repeated key uses the last one, as Python did, with a note', async () => {
    const text = `${LEAST_OLD}util_volume_size = 5\nutil_volume_size = 7\n`;
    assert.equal((await load(text)).utility.fallbackVolumeSizeGiB, 7);
    assert.match((await notesOn(text, 'aws.util_volume_size'))[0] ?? '', /^7 .*again in line 8/);
  });

  it('with a key in [DEFAULT] gets it in its own section, unless that has it', async () => {
    const inDefault = `${LEAST_OLD}[DEFAULT]\nutil_volume_size = 5\n`;
    assert.equal((await load(inDefault)).utility.fallbackVolumeSizeGiB, 5);
    const own = inDefault.replace('[aws]', '[aws]\nutil_volume_size = 7');
    assert.equal((await load(own)).utility.fallbackVolumeSizeGiB, 7);
  });

  it('of another program is refused with the file to give instead', async () => {
    const others: [text: string | Uint8Array, message: RegExp, next: RegExp][] = [
      ['', /neither a section \[general\] nor \[aws\]/, /fedimg\.cfg/],
      ['[core]\nbare = false\n', /neither a section/, /fedimg\.cfg/],
      [
        '{"amis": []}',
        /not an INI file: line 1 stands before the first \[section\]/,
        /correct that line/,
      ],
      [
        '[aws]\namis = a|b\nc|d\n',
        /line 3 is neither .*must be indented/,
        /as TOML.*fails at line 2/,
      ],
      [Buffer.from([0x5b, 0xff, 0x5d]), /not UTF-8/, /iconv/],
      ['#'.repeat(65_537), /more than 65536 bytes/, /fedimg\.cfg/],
      [
        '[[amis]]\nregion = "us-east-1"\n',
        /already a configuration of this fedimg/,
        /use it without a conversion/,
      ],
      [LEAST_OLD.replace(/amis = [^]*/, ''), /no home region/, /amis = us-east-1\|x86_64/],
      [withAmis('us-east-1|i386|ami-acac51c4|aki-8f9dcae6'), /no home region/, /base_region/],
      [
        LEAST_OLD.replace(/test = .*/, `test = ${'x'.repeat(50_000)}`),
        /does not load\nfedimg\.toml.*test\.script: .*allowed: 49152/,
        /start from/,
      ],
    ];
    for (const [text, message, next] of others) {
      const error = await refusal(text);
      assert.match(error.message, message);
      assert.match(error.next, next);
    }
  });

  it('has each of its keys in the table of the manual', async () => {
    const manual = await readFile(new URL('../../docs/operating.md', import.meta.url), 'utf8');
    const [, section = ''] = manual.split('## From the old fedimg\n');
    const [table = ''] = section.split('\n## ');
    for (const [name, { becomes = '–' }] of Object.entries(RULES)) {
      const [of = '', key = ''] = name.split('.');
      const row = table
        .split('\n')
        .find(
          (line) =>
            line.startsWith('|') && line.includes(`\`[${of}]\``) && line.includes(`\`${key}\``),
        );
      assert(row !== undefined, `docs/operating.md lacks ${name}`);
      for (const word of becomes.split(', ')) assert(row.includes(word), `${row} lacks ${word}`);
    }
  });
});
