/** THIRD-PARTY-NOTICES.txt: the licences of what fedimg needs at run time, as the lock file has it. */

import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)(?:[.-]|$)/i;

/** Licences that go with GPL-3.0-or-later: https://www.gnu.org/licenses/license-list.html. */
export const COMPATIBLE: readonly string[] = [
  ...[
    '0BSD',
    'Apache-2.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'BlueOak-1.0.0',
    'CC-BY-4.0',
    'CC0-1.0',
    'ISC',
    'MIT',
  ],
  ...[
    'MIT-0',
    'MPL-2.0',
    'Python-2.0',
    'Unlicense',
    '(MIT OR Apache-2.0)',
    '(MIT OR GPL-3.0-or-later)',
  ],
];

/** Packages whose package.json names none, by their own LICENSE file. */
const UNNAMED: Readonly<Record<string, string>> = { unionfs: 'Unlicense' };

export interface ThirdParty {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** Below the root. */
  readonly folder: string;
}

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
  readonly optional?: boolean;
}

/** Without development tools, and without optional packages: those are for one platform, or the user's choice. */
export async function thirdParties(): Promise<ThirdParty[]> {
  const lock = JSON.parse(await readFile(`${ROOT}package-lock.json`, 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  return Object.entries(lock.packages)
    .filter(([folder, { dev, devOptional, peer, optional }]) => {
      return folder !== '' && !dev && !devOptional && !peer && !optional;
    })
    .map(([folder, { version = '', license }]) => ({
      name: nameOf(folder),
      version,
      licence: license ?? UNNAMED[nameOf(folder)] ?? 'unknown',
      folder,
    }))
    .sort(
      (one, other) =>
        one.name.localeCompare(other.name) || one.version.localeCompare(other.version),
    );
}

function nameOf(folder: string): string {
  return folder.replace(/^.*node_modules\//, '');
}

export async function noticesText(): Promise<string> {
  const all = await thirdParties();
  const parts = await Promise.all(all.map(noticeOf));
  const head = `fedimg is GPL-3.0-or-later. At run time it needs these ${all.length} packages, each under its own licence.\n`;
  return [head, ...parts].join(`\n${'-'.repeat(80)}\n\n`);
}

async function noticeOf({ name, version, licence, folder }: ThirdParty): Promise<string> {
  const names = (await readdir(`${ROOT}${folder}`))
    .filter((file) => LICENCE_FILE.test(file))
    .sort();
  const texts = await Promise.all(
    names.map((file) => readFile(`${ROOT}${folder}/${file}`, 'utf8')),
  );
  const body =
    texts.length === 0 ? '(The package has no file with its licence.)' : texts.join('\n');
  return `${name} ${version}\nLicence: ${licence}\n\n${body.trim()}\n`;
}
