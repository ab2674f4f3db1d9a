/** docs/alerts-and-errors.md has a row for each alert and each error code, and none that the code lacks. */

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as aws from '../../src/aws/error-codes.js';
import { TREE } from './shell-blocks.js';

const PAGE = 'docs/alerts-and-errors.md';
const FOLDERS = ['activities', 'aws', 'model', 'workflows'];

/** `BY_THE_CLOCK` and `ABOUT_A_PARAMETER` do not decide the class alone. */
const AWS_CODES: readonly (readonly [string, ReadonlySet<string>])[] = [
  ['throttled', aws.THROTTLED],
  ['not-yet', aws.NOT_YET],
  ['capacity', aws.CAPACITY],
  ['lost', aws.LOST],
  ['credentials', aws.CREDENTIALS],
  ['unreachable', aws.UNREACHABLE],
  ['refused', aws.PERMISSION],
  ['refused', aws.CONFIGURED_NOT_FOUND],
];

interface Row {
  readonly section: string;
  /** What the cells have as code. */
  readonly first: readonly string[];
  readonly second: readonly string[];
  readonly cells: readonly string[];
}

async function rows(): Promise<Row[]> {
  const text = await readFile(join(TREE, PAGE), 'utf8');
  let section = '';
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) section = line.slice(3);
    if (!line.startsWith('| `')) return [];
    const cells = line.split('|').slice(1, -1);
    const [first = [], second = []] = cells.map((cell) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? ''),
    );
    return [{ section, first, second, cells }];
  });
}

/** Of the pieces of the text, what the pattern's groups found. */
function found(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, ...groups]) =>
    groups.filter((one) => one !== undefined),
  );
}

async function source(path: string): Promise<string> {
  return readFile(join(TREE, 'src', path), 'utf8');
}

/** Codes of the failures that end in a run's status, by the ways in which the code writes them. */
async function codesOfTheCode(): Promise<string[]> {
  const files = (
    await Promise.all(
      FOLDERS.map(async (folder) => {
        const names = await readdir(join(TREE, 'src', folder), { recursive: true });
        return names.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name));
      }),
    )
  ).flat();
  const texts = await Promise.all(files.map(source));
  const word = "'([a-z]+(?:-[a-z]+)*)'";
  const thrown = texts.flatMap((text) => [
    // The details of a failure: `code`, perhaps by a condition, and its `class`.
    ...found(
      text,
      new RegExp(`\\bcode: (?:\\w+ \\? ${word} : )?${word},\\s+(?://.*\\s+)?class:`, 'g'),
    ),
    ...found(text, new RegExp(`\\b(?:unusable|failed)\\(${word}`, 'g')),
    ...found(text, /const (?:UNDELIVERED|REGION_LATE) = '([a-z-]+)'/g),
  ]);
  const [write, agent, fetched, broker, notify] = await Promise.all(
    [
      ...['guest/write-image.sh', 'activities/test-console.ts', 'fetch/errors.ts'],
      ...['messaging/errors.ts', 'notify/errors.ts'],
    ].map(source),
  );
  const ofAgent = found(agent ?? '', /^ {2}'([a-z-]+)':/gm).map((code) => `agent-${code}`);
  const ofNotify = found(notify ?? '', /NotifyFault = (.*);/g).flatMap((union) =>
    found(union, /'([a-z]+)'/g).flatMap((fault) => [`webhook-${fault}`, `mail-${fault}`]),
  );
  return [
    ...thrown,
    ...found(write ?? '', /\bfail "?([a-z]+(?:-[a-z]+)*)(?: |-\$)/g).map((code) =>
      code === 'http' ? 'http-STATUS' : code,
    ),
    ...found(write ?? '', /\bwrong="([a-z]+(?:-[a-z]+)*) /g),
    ...ofAgent,
    'agent-not-installed',
    ...found(fetched ?? '', /^ {2}\| '([A-Z_]+)'/gm),
    ...found(broker ?? '', /^ {2}\| '([a-z]+)'/gm).map((fault) => `broker-${fault}`),
    ...ofNotify,
  ];
}

function sorted(codes: readonly string[]): string[] {
  return [...new Set(codes)].sort();
}

describe('docs/alerts-and-errors.md', () => {
  it('has each alert of the rules, with a cause and an action', async () => {
    const rules = await readFile(join(TREE, 'ops/prometheus/fedimg.rules.yml'), 'utf8');
    const inPage = (await rows()).filter(({ section }) => section === 'Alerts');
    assert.deepEqual(
      sorted(inPage.flatMap(({ first }) => first)),
      sorted(found(rules, /- alert: (\w+)/g)),
    );
  });

  it('has each error code of fedimg, with a cause and an action', async () => {
    const others = ['Alerts', 'How an error reads', 'Codes of AWS'];
    const ofFedimg = (await rows()).filter(({ section }) => !others.includes(section));
    const known = sorted(await codesOfTheCode());
    assert(known.length > 80, known.join(' '));
    assert.deepEqual(sorted(ofFedimg.flatMap(({ first }) => first)), known);
  });

  it('has the codes of AWS in their classes', async () => {
    const ofAws = (await rows()).filter(({ section }) => section === 'Codes of AWS');
    assert.deepEqual(
      ofAws.map(({ first, second }) => [first[0], sorted(second)]),
      AWS_CODES.map(([name, codes]) => [name, sorted([...codes])]),
    );
  });

  it('has no empty cell', async () => {
    const empty = (await rows()).filter(({ cells }) => cells.some((cell) => cell.trim() === ''));
    assert.deepEqual(empty, []);
  });
});
