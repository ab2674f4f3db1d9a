/** Imports of old configurations, and what they say. */

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { LegacyConfigError, noteText } from '../../src/config/legacy/errors.js';
import { importLegacy, type Imported } from '../../src/config/legacy/import.js';
import type { Config } from '../../src/config/schema.js';
import { eachWithConfigFolder } from './config-files.js';
import { LEAST_OLD } from './legacy-samples.js';

/** A test script that is there. */
export const SCRIPT = fileURLToPath(new URL('../../src/guest/run-test.sh', import.meta.url));

export interface LegacyImports {
  readonly importText: (text: string, testScript?: string) => Promise<Imported>;
  /** The configuration as a worker would have it. */
  readonly load: (text: string) => Promise<Config>;
  /** Fails when the text is accepted. */
  readonly refusal: (text: string | Uint8Array) => Promise<LegacyConfigError>;
  /** The notes on one key, each behind its line. */
  readonly notesOn: (text: string, key: string) => Promise<string[]>;
}

/** The least old configuration, with these lines as its AMI list. */
export function withAmis(...lines: string[]): string {
  return LEAST_OLD.replace(/amis = [^]*/, `amis = ${lines.join('\n  ')}\n`);
}

/** Gives every test of the suite that calls it a folder of its own to import into. */
export function eachWithLegacyImports(): LegacyImports {
  const folder = eachWithConfigFolder();

  const importText = (text: string, testScript?: string): Promise<Imported> =>
    importLegacy(Buffer.from(text), { testScript });
  const load = async (text: string): Promise<Config> => {
    const { toml, script } = await importText(text);
    await folder().write(script?.name ?? '', script?.text ?? '');
    return folder().load(toml);
  };
  const refusal = async (text: string | Uint8Array): Promise<LegacyConfigError> => {
    const error: unknown = await importLegacy(Buffer.from(text)).catch((caught: unknown) => caught);
    assert(error instanceof LegacyConfigError, String(error));
    return error;
  };
  const notesOn = async (text: string, key: string): Promise<string[]> => {
    const { notes } = await importText(text);
    return notes.filter((note) => note.key === key).map((note) => `${note.line} ${noteText(note)}`);
  };
  return { importText, load, refusal, notesOn };
}
