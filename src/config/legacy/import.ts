/** Turns an old configuration into a new one that loads, or reports what its owner must decide first. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shownText } from '../../model/printable.js';
import { loadConfig } from '../load.js';
import { ConfigError } from '../problems.js';
import { LegacyConfigError, type ImportNote } from './errors.js';
import type { Findings } from './findings.js';
import { readLegacy, type LegacyEntry } from './legacy-file.js';
import { mapLegacy } from './mapping.js';
import { tomlText, type NewConfig } from './toml-text.js';

/** The file for the old test command, beside the configuration. */
export const TEST_SCRIPT_NAME = 'fedimg-test.sh';

export interface ImportOptions {
  /** The absolute path of a script that replaces the old test command. */
  testScript?: string | undefined;
}

export interface TestScript {
  /** `TEST_SCRIPT_NAME`, as `test.script` names it. */
  name: string;
  text: string;
}

export interface Imported {
  /** Loads when `script` lies beside it. */
  toml: string;
  /** Null when a script was named. */
  script: TestScript | null;
  /** In the order of the old file's lines. */
  notes: ImportNote[];
}

/**
 * Turns the bytes of an old file into a new one, and loads that once to check it. Throws `LegacyConfigError` for
 * another file, and for one without an AMI list or a test.
 */
export async function importLegacy(
  bytes: Uint8Array,
  { testScript }: ImportOptions = {},
): Promise<Imported> {
  const entries = readLegacy(bytes);
  const { findings, notes } = mapLegacy(entries);
  const amis = amisOf(findings, notes);
  const script = testScript === undefined ? scriptOf(findings, notes) : null;
  if (script === null && findings.test !== undefined) {
    const why = 'was left out, because --test-script replaces it';
    notes.push({ ...TEST, line: findings.test.line, why, next: 'nothing to do' });
  }
  const toml = tomlText({
    amis,
    regions: regionsOf(findings, amis),
    virtualizationTypes: virtualizationTypesOf(entries, notes),
    volumeTypes: findings.volumeTypes,
    fallbackVolumeSizeGiB: findings.fallbackVolumeSizeGiB,
    keepFailed: !findings.removesFailed,
    script: testScript ?? TEST_SCRIPT_NAME,
  });
  notes.sort((a, b) => a.line - b.line);
  const imported = { toml, script, notes };
  await refuseWhatDoesNotLoad(imported, testScript);
  return imported;
}

/** fedimg 1.x and 2.x had no AMI list, only a base region. */
function amisOf({ amis, base, regions }: Findings, notes: ImportNote[]): NewConfig['amis'] {
  if (base !== undefined) notes.push({ ...BASE, line: base.line });
  if (amis.length > 0) return amis;
  if (base !== undefined && regions === undefined) notes.push({ ...ONLY_BASE, line: base.line });
  if (base !== undefined) return [{ region: base.region, ami: 'al2023', arch: 'x86_64' }];
  throw new LegacyConfigError(
    'has neither an AMI list with an x86_64 item nor a base_region, so there is no home region',
    {
      next: 'add to [aws]: amis = us-east-1|x86_64|ami-... (0.x), or base_region = "us-east-1" (1.x, 2.x)',
      notes,
    },
  );
}

const TEST = { key: 'aws.test', becomes: 'test.script' };
const BASE = {
  key: 'aws.base_region',
  becomes: '[[amis]]',
  why: 'is where the utility instance is launched; without an AMI list, from the newest Amazon Linux 2023',
  next: 'nothing to do',
};

/** fedimg 0.x read none of these keys. */
const SINCE_1 = ['bucket_name', 'volume_types', 'volume_via_s3', 'base_region'];

/** fedimg 1.0 still made paravirtual AMIs; no key tells it from 1.1, which replaced it after ten weeks. */
function virtualizationTypesOf(
  entries: readonly LegacyEntry[],
  notes: ImportNote[],
): string[] | undefined {
  const inAws = entries.filter(({ section }) => section === 'aws');
  const sign = SINCE_1.flatMap((key) => inAws.find((entry) => entry.key === key) ?? [])[0];
  if (sign === undefined) return undefined;
  notes.push({
    key: `aws.${sign.key}`,
    line: sign.line,
    becomes: 'publish.virtualization_types',
    why: 'is a key of fedimg 1.x and 2.x, which made HVM AMIs only from 1.1 on; so does the new file',
    next: 'to make paravirtual AMIs, too, remove virtualization_types from [publish]',
  });
  return ['hvm'];
}

const ONLY_BASE = {
  key: 'aws.base_region',
  becomes: 'publish.regions',
  why: 'is the only region in the old file, so AMIs are published there only',
  next: 'to publish in other regions, too, set regions in [publish] to "all" or to a list',
};

/** In the old file, the AMI list also named the regions to copy to. */
function regionsOf({ regions }: Findings, amis: NewConfig['amis']): string[] {
  const listed = amis.map(({ region }) => region);
  return [...new Set(regions === undefined ? listed : [...listed.slice(0, 1), ...regions])];
}

/** Also notes what became of the command. */
function scriptOf({ test }: Findings, notes: ImportNote[]): TestScript {
  const next = 'write a script that exits 0 when an image is good, and name it: --test-script FILE';
  if (test === undefined || test.lines.length === 0) {
    const message = 'has no test command, and AMIs become public only after a test';
    throw new LegacyConfigError(message, { next, notes });
  }
  const odd = test.lines.find((line) => /[\p{C}\p{Zl}\p{Zp}]/u.test(line.replaceAll('\t', '')));
  if (odd !== undefined) {
    const message = `has a test command with an invisible character in it (${shownText(odd, 60)})`;
    throw new LegacyConfigError(message, { next, line: test.line, notes });
  }
  notes.push({
    ...TEST,
    line: test.line,
    why: `is ${TEST_SCRIPT_NAME}, which root runs; the old fedimg ignored this key and ran "true"`,
    next: `read ${TEST_SCRIPT_NAME}, and make it test what must work`,
  });
  return { name: TEST_SCRIPT_NAME, text: `${SCRIPT_HEAD}${test.lines.join('\n')}\n` };
}

const SCRIPT_HEAD = `#!/bin/bash
# The test command of the old fedimg. Exit status 0 makes the AMIs public.
`;

/** Uses the worker's loader, in a temporary folder. */
async function refuseWhatDoesNotLoad(
  { toml, script, notes }: Imported,
  testScript: string | undefined,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fedimg-import-'));
  try {
    if (script !== null) await writeFile(join(folder, script.name), script.text);
    await writeFile(join(folder, 'fedimg.toml'), toml);
    await loadConfig({ path: 'fedimg.toml', env: {}, cwd: folder });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const isOfScript = error.problems.every(({ key }) => key === 'test.script');
    if (testScript !== undefined && isOfScript) {
      const message = `needs a test script: ${error.problems[0]?.message}`;
      throw new LegacyConfigError(message, { next: 'name another one: --test-script FILE', notes });
    }
    throw new LegacyConfigError(`became a configuration that does not load\n${error.message}`, {
      next: 'correct it in the old file, or start from fedimg.sample.toml',
      notes,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
