import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { SnippetFormat } from '../../../src/commands/view/ami-snippets.js';
import { SNIPPET_FORMATS, snippetLines } from '../../../src/commands/view/ami-snippets.js';
import type { AmiRecord } from '../../../src/model/progress/progress.js';
import { OWNER, someRecord } from '../../support/records.js';

const textOf = (records: readonly AmiRecord[], format: SnippetFormat) =>
  `${snippetLines(records, format).join('\n')}\n`;

/** EC2 allows brackets, quotes, blanks and slashes; a later EC2, or a mistake of ours, perhaps anything. */
const HOSTILE = [
  `it's [a] (name) / of @ours`,
  '${file("/etc/passwd")} %{ if true }',
  '"} resource "x" "y" {',
  `'; touch pwned; '$(touch pwned)\`touch pwned\``,
  '{{ lookup("env", "SECRET") }} {% raw %}',
  'line\nbreak\ttab \\ backslash',
  '# no comment: [a, b]',
];
const hostile = HOSTILE.map((name, index) =>
  someRecord({ name, region: `eu-west-${index}`, ami: `ami-${index}` }),
);

/** The program's answer to the text; undefined where this machine has no such program. */
function answerOf(program: string, args: readonly string[], input: string): string | undefined {
  const { error, status, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8' });
  if (error !== undefined) return undefined;
  assert.equal(status, 0, `${program}: ${stderr}\n${input}`);
  return stdout;
}

describe('code for tools that look an AMI up', () => {
  it('always names the owner beside the name', () => {
    for (const format of SNIPPET_FORMATS) {
      const lines = textOf([someRecord(), someRecord({ arch: 'aarch64' })], format);
      assert.equal(lines.split(OWNER).length - 1, 2, `${format}, once for each lookup:\n${lines}`);
      const facts = Object.entries(someRecord()).filter(([key]) => key !== 'owner');
      const ownerless = Object.fromEntries(facts) as unknown as AmiRecord;
      assert.throws(
        () => snippetLines([ownerless], format),
        /the owner account of the AMIs of .* is not recorded/,
      );
    }
  });

  it('looks up one AMI in each region, though its name differs from region to region', () => {
    const records = ['us-east-1', 'eu-west-1'].map((regionName) =>
      someRecord({ region: regionName }),
    );
    for (const format of SNIPPET_FORMATS) {
      const text = textOf(records, format);
      for (const { name } of records) assert(text.includes(name), `${format}: ${name}`);
      assert(!/[*?]/.test(text), `${format} has no pattern`);
    }
  });

  it('has the newest compose of each release, in one variant, and leaves out what is missing', () => {
    const records = [
      someRecord({ compose: 'Fedora-Cloud-43-20251020.0', image: 'old', name: 'older' }),
      someRecord({ name: 'newer' }),
      someRecord({ name: 'slow', volumeType: 'standard' }),
      someRecord({ name: 'missing', ami: null, region: 'sa-east-1' }),
      someRecord({ release: '44', name: 'next' }),
    ];
    const text = textOf(records, 'aws-cli');
    for (const name of ['newer', 'next']) assert(text.includes(`"${name}"`), text);
    for (const name of ['older', 'slow', 'missing']) assert(!text.includes(`"${name}"`), text);
    assert.match(textOf([someRecord({ volumeType: 'standard' })], 'terraform'), /hvm-standard/);
  });

  it('does not take an older compose for the newest because of the alphabet', () => {
    const newestOf = (...composes: string[]) => {
      const records = composes.map((compose) => someRecord({ compose, image: compose }));
      const [there, ...rest] = [records, records.toReversed()].map((some) =>
        textOf(some, 'terraform'),
      );
      assert.deepEqual(rest, [there], 'whatever the order they come in');
      return /^# ([^,]*),/.exec(there ?? '')?.[1];
    };
    assert.equal(
      newestOf('Fedora-Cloud-43-20251001.0', 'Fedora-43-20251025.0'),
      'Fedora-43-20251025.0',
    );
    const ofOneDay = ['Fedora-43-20251025.n.0', 'Fedora-43-20251025.1', 'Fedora-43-20251025.0'];
    assert.equal(newestOf(...ofOneDay), 'Fedora-43-20251025.1');
    assert.equal(
      newestOf('Fedora-43-20251025.n.9', 'Fedora-43-20251025.n.10'),
      'Fedora-43-20251025.n.10',
    );
    assert.equal(newestOf('Fedora-43-20251025.n.0', 'Fedora-43-20251025.0'), ofOneDay[2]);
  });

  it('names only public AMIs, which other accounts can find', () => {
    const older = someRecord({ compose: 'Fedora-Cloud-43-20251020.0', name: 'open' });
    const hidden = someRecord({ public: false, name: 'private' });
    for (const format of SNIPPET_FORMATS) {
      const text = textOf([hidden, older], format);
      assert(text.includes('"open"') && !text.includes('"private"'), text);
      assert.deepEqual(snippetLines([hidden], format), []);
    }
  });

  it('has a comment when the newest image covers fewer regions than an older one', () => {
    const everywhere = ['us-east-1', 'eu-west-1', 'sa-east-1'];
    const compose = 'Fedora-Cloud-43-20251020.0';
    const older = everywhere.map((regionName) =>
      someRecord({ compose, image: 'old', region: regionName }),
    );
    const fast = someRecord({ volumeType: 'gp3' });
    const wide = ['us-east-1', 'eu-west-1'].map((regionName) => someRecord({ region: regionName }));
    for (const format of SNIPPET_FORMATS) {
      const [title] = snippetLines([...older, fast, ...wide], format);
      assert.equal(
        title,
        '# Fedora-Cloud-43-20251021.0, x86_64, hvm-gp2, ' +
          'in 2 of the 3 regions that have this release: not in sa-east-1',
      );
      assert.doesNotMatch(snippetLines(older, format)[0] ?? '', /regions/);
    }
  });

  it('has a different name for each definition', () => {
    const records = ['4-3', '4.3'].map((release) => someRecord({ release, compose: release }));
    const ids = [...textOf(records, 'terraform').matchAll(/^data "aws_ami" "(.*)"/gm)];
    assert.deepEqual(ids.map(([, id]) => id).sort(), [
      'cloud_base_4_3_x86_64',
      'cloud_base_4_3_x86_64_2',
    ]);
    const odd = someRecord({ subvariant: '7"\n}', label: 'RC-1.6\n"}' });
    assert.match(textOf([odd], 'terraform'), /^# .*\ndata "aws_ami" "ami_7_43_x86_64" \{\n/);
  });

  it('is valid for Terraform, also with hostile names', function () {
    const text = textOf(hostile, 'terraform');
    const shown = answerOf('terraform', ['fmt', '-no-color', '-'], text);
    if (shown === undefined) return this.skip();
    assert.equal(shown, text, 'and formatted as Terraform formats');
    const values = text.split('\n').filter((line) => line.startsWith('      "'));
    const input = `jsonencode([${values.join('')}])\n`;
    const encoded = JSON.parse(answerOf('terraform', ['console'], input) ?? '') as string;
    assert.deepEqual(JSON.parse(encoded), [...HOSTILE].sort());
  });

  it('gives the AWS CLI the exact arguments, also with hostile names', () => {
    const stub = `aws() { printf '%s\\0' "$@"; }\n`;
    const printed = answerOf('bash', ['-u'], stub + textOf(hostile, 'aws-cli')) ?? '';
    const args = printed.split('\0');
    assert.deepEqual(args.slice(0, 5), ['ec2', 'describe-images', '--owners', OWNER, '--filters']);
    const [byName] = JSON.parse(args[5] ?? '') as { Name: string; Values: string[] }[];
    assert.deepEqual(byName, { Name: 'name', Values: [...HOSTILE].sort() });
  });

  it('is valid for Ansible, also with hostile names', function () {
    const script = [
      'import json, sys, yaml',
      "yaml.SafeLoader.add_constructor('!unsafe', lambda loader, node: loader.construct_scalar(node))",
      'print(json.dumps(yaml.safe_load(sys.stdin)))',
    ].join('\n');
    if (spawnSync('python3', ['-c', 'import yaml']).status !== 0) return this.skip();
    const text = textOf(hostile, 'ansible');
    const [task] = JSON.parse(answerOf('python3', ['-c', script], text) ?? '') as {
      'amazon.aws.ec2_ami_info': { owners: unknown; filters: { name: unknown } };
    }[];
    const lookup = task?.['amazon.aws.ec2_ami_info'];
    assert.deepEqual(lookup?.owners, [OWNER], 'a text: a number loses its leading zero');
    assert.deepEqual(lookup.filters.name, [...HOSTILE].sort());
    const templates = text.split('\n').filter((line) => /\{[{%]/.test(line));
    assert(templates.length > 0 && templates.every((line) => /- !unsafe "/.test(line)), text);
  });
});
