/** Configuration files: what an editor, a template engine or a stranger's pull request makes of them. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { keysAt } from '../../../src/config/json-schema.js';
import { ConfigError, describeIssue, locateProblem } from '../../../src/config/problems.js';
import { configSchema, type Config } from '../../../src/config/schema.js';
import { parseToml, TomlError } from '../../../src/config/toml.js';
import { LEAST, makeConfigFolder } from '../../config/config-files.js';
import { around, hostileKey, hostileText } from '../hostile-text.js';
import { inputKind, verdictOf } from '../input-kind.js';
import { assertPlainText, readable } from '../output-safety.js';

const SAMPLE = readFileSync(new URL('../../../fedimg.sample.toml', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .join('\n');
/** One table at a time is enough to get into every key, and reads fast. */
const TABLES = SAMPLE.split(/\n(?=\[)/).map(
  (table) => `${LEAST}${table.startsWith('[') ? table : ''}`,
);

const basicString = (text: string): string =>
  JSON.stringify(text.replaceAll(/\p{Surrogate}/gu, '?'));

/** A value as TOML writes it, also such as no key has. */
const tomlValue = fc.oneof(
  { weight: 5, arbitrary: hostileText.map(basicString) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'inf',
      '-inf',
      'nan',
      '1e400',
      '0x7fffffffffffffff',
      '-9223372036854775808',
      '99999999999999999999',
      '1979-05-27',
      '07:32:00',
      'true',
      '[]',
      '{}',
      '[[]]',
      "''",
      '0',
      '-1',
      '1.5',
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(100, 5_000, 50_000)
      .map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(50, 2_000)
      .map((depth) => `${'{a='.repeat(depth)}1${'}'.repeat(depth)}`),
  },
  {
    weight: 1,
    arbitrary: fc.nat({ max: 3_000 }).map((count) => `[${'"us-east-1", '.repeat(count)}]`),
  },
);

const tomlKey = fc.oneof(
  hostileKey.map(basicString),
  hostileText.map(basicString),
  fc.constantFrom(
    'region',
    'a.b.c',
    '"__proto__".x',
    '__proto__',
    'a'.repeat(300),
    Array(4_000).fill('a').join('.'),
  ),
);

/** A good file with one value, one key or one character changed. */
const configText = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom(...TABLES), fc.nat(), tomlValue).map(withValue),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...TABLES), tomlKey, tomlValue)
      .map(([text, key, value]) => `${text}\n${key} = ${value}\n`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(tomlKey, fc.constantFrom('[', '[['))
      .map(([key, open]) => `${LEAST}\n${open}${key}${open.replaceAll('[', ']')}\n`),
  },
  { weight: 2, arbitrary: around(fc.constantFrom(...TABLES)) },
);

function withValue([text, index, value]: [string, number, string]): string {
  const lines = text.split('\n');
  const keys = lines.flatMap((line, at) => (/^\w+ = /.test(line) ? [at] : []));
  const at = keys[index % keys.length] ?? 0;
  lines[at] = (lines[at] ?? '').replace(/= .*/, () => `= ${value}`);
  return lines.join('\n');
}

/** As `loadConfig` does, without the file. */
function readConfig(text: string): Config {
  const lines = text.split('\n');
  const document = parseToml(text);
  const parsed = configSchema.safeParse(document.value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .flatMap((issue) => describeIssue(issue, keysAt))
    .map((problem) =>
      locateProblem(problem, { name: 'fedimg.toml', lines, placeOf: document.placeOf }),
    );
  throw new ConfigError(problems);
}

const configTexts = inputKind({
  name: 'config-text',
  title:
    'a configuration file with a control character, a bomb or a key __proto__ ends the worker without a word',
  weight: 6,
  input: configText,
  open: () => ({
    check: (text) =>
      verdictOf(
        () => readConfig(text),
        (error) => {
          if (error instanceof TomlError) return true;
          return readable(ConfigError)(error);
        },
        (config) => {
          // The script's path is the operator's own, and told in no message as it is.
          const { test, ...rest } = config;
          assertPlainText(JSON.stringify({ ...rest, test: { ...test, script: '' } }));
        },
      ),
  }),
});

const configFiles = inputKind({
  name: 'config-file',
  title: 'a configuration file that is binary, or much too long, ends the worker without a message',
  weight: 1,
  input: fc.oneof(
    fc.constant(Buffer.from(LEAST)),
    configText.map((text) => Buffer.from(text, 'utf8')),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(0, 1_048_577, 4_000_000).map((length) => Buffer.alloc(length, '# ')),
  ),
  open: async () => {
    const folder = await makeConfigFolder();
    return {
      check: (bytes) =>
        verdictOf(
          () => folder.load(bytes as unknown as string),
          readable(ConfigError),
          // Where it is, is the operator's own choice; it is found from any working directory.
          (config) => {
            const { script } = readConfig(new TextDecoder().decode(bytes)).test;
            assert.equal(config.test.script, resolve(folder.path, script));
          },
        ),
      close: () => folder.remove(),
    };
  },
});

export const kinds = [configTexts, configFiles];
