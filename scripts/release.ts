/**
 * `npm run release`: makes the files of the release that package.json and CHANGELOG.md name, in `release/`, and prints the
 * commands that publish it. `-- --draft` makes them before the CHANGELOG has the version, to look at them.
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { packageVersion } from '../src/package-version.js';
import { changesOf } from './package/changelog.js';
import { packInto } from './package/pack.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = path.join(ROOT, 'release');

const { values } = parseArgs({ options: { draft: { type: 'boolean', default: false } } });
const output = async (command: string, ...args: string[]): Promise<string> =>
  (await promisify(execFile)(command, args, { cwd: ROOT, maxBuffer: 2 ** 26 })).stdout;

const version = packageVersion();
const tag = `v${version}`;
const changes = changesOf(await readFile(path.join(ROOT, 'CHANGELOG.md'), 'utf8'), version);
if (!values.draft) await requireReleasable();

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER);
await packInto(FOLDER);
await writeFile(
  path.join(FOLDER, `fedimg-${version}.cdx.json`),
  await output('npm', 'sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'),
);
for (const name of ['fedimg.schema.json', 'THIRD-PARTY-NOTICES.txt']) {
  await copyFile(path.join(ROOT, 'dist', name), path.join(FOLDER, name));
}
await writeFile(path.join(FOLDER, 'CHANGES.md'), changes ?? '(a draft)\n');
const files = (await readdir(FOLDER)).sort();
const sums = await Promise.all(files.map(async (name) => `${await sha256(name)}  ${name}\n`));
await writeFile(path.join(FOLDER, 'SHA256SUMS'), sums.join(''));

console.log(`release/: ${[...files, 'SHA256SUMS'].join(', ')}`);
console.log(`Next:
  npm run nodes                                      # demo, quick tests and package on each Node
  git tag --sign ${tag} --message "fedimg ${version}"
  git push origin ${tag}                             # then attach the files of release/ to it`);

async function requireReleasable(): Promise<void> {
  const problems = [
    ...(changes === undefined
      ? [
          `CHANGELOG.md has no heading "## [${version}] - DATE": move the lines of Unreleased below one`,
        ]
      : []),
    ...((await output('git', 'status', '--porcelain')) === ''
      ? []
      : ['the working tree has changes: commit them']),
    ...((await output('git', 'tag', '--list', tag)) === ''
      ? []
      : [`${tag} exists: raise "version" in package.json (npm version --no-git-tag-version)`]),
  ];
  if (problems.length === 0) return;
  console.error(`Version ${version} cannot be released:\n  ${problems.join('\n  ')}`);
  process.exit(1);
}

async function sha256(name: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path.join(FOLDER, name)))
    .digest('hex');
}
