/** What `npm pack` gives to users, without building it: `npm run package:try` runs the demo from it. */

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { changesOf } from '../../scripts/package/changelog.js';
import { COMPATIBLE, thirdParties } from '../../scripts/package/notices.js';
import { runProgram } from '../support/program.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
  readonly version: string;
}

async function manifest(): Promise<Manifest> {
  return JSON.parse(await readFile(`${ROOT}package.json`, 'utf8')) as Manifest;
}

/** Not `import type`, which is gone in the package. */
const IMPORT =
  /^(?:import|export)(?! type\b)[^;']*?from '([^'.][^']*)'|(?:\bimport|(?:meta|require)\.resolve)\('([^'.][^']*)'\)/gm;

/** `@scope/name` or `name` of each import that is not a file and not of Node. */
async function importedPackages(): Promise<Map<string, string>> {
  const names = await readdir(`${ROOT}src`, { recursive: true });
  const found = new Map<string, string>();
  for (const name of names.filter((one) => one.endsWith('.ts'))) {
    const text = await readFile(`${ROOT}src/${name}`, 'utf8');
    for (const [, fixed, called] of text.matchAll(IMPORT)) {
      const source = fixed ?? called ?? '';
      if (source.startsWith('node:') || builtinModules.includes(source)) continue;
      const [first = '', second = ''] = source.split('/');
      found.set(first.startsWith('@') ? `${first}/${second}` : first, name);
    }
  }
  return found;
}

describe('the package', () => {
  it('has what its pages and commands name, and no tests, sources or maps', async () => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--prefix', ROOT, ROOT];
    const { stdout, stderr, code } = await runProgram('npm', args);
    assert.equal(code, 0, stderr);
    const answer = JSON.parse(stdout) as Record<string, { files: { path: string }[] }>;
    const [first] = Object.values(answer);
    const paths = (first?.files ?? []).map(({ path }) => path);
    const needed = [
      ...['LICENSE', 'README.md', 'CHANGELOG.md', 'fedimg.sample.toml', 'bin/fedimg.js'],
      ...['docs/install.md', 'docs/configuration.md', 'ops/systemd/fedimg-worker.service'],
      ...['ops/prometheus/fedimg.rules.yml', 'ops/iam/fedimg.cloudformation.yaml'],
    ];
    assert.deepEqual(
      needed.filter((path) => !paths.includes(path)),
      [],
    );
    const unwanted = /^(?:test|src|scripts|node_modules)\/|\.map$|tsbuildinfo|\.test\.[jt]s/;
    assert.deepEqual(
      paths.filter((path) => unwanted.test(path)),
      [],
    );
  });

  it('declares each package that it imports: from an empty folder the others are not there', async () => {
    const { dependencies, peerDependencies } = await manifest();
    const declared = { ...dependencies, ...peerDependencies };
    const missing = [...(await importedPackages())].filter(([name]) => !(name in declared));
    assert.deepEqual(missing, []);
  });

  it('needs no package whose licence does not go with its own', async () => {
    const all = await thirdParties();
    assert.ok(all.length > 50, `only ${all.length} packages were read`);
    const others = all.filter(({ licence }) => !COMPATIBLE.includes(licence));
    assert.deepEqual(others, []);
  });

  it('is refused by a Node that is too old before it fails in the middle', async () => {
    const { engines } = await manifest();
    const bin = await readFile(`${ROOT}bin/fedimg.js`, 'utf8');
    assert.equal(engines.node, '>=20.19.0');
    assert.match(bin, /major < 20 \|\| \(major === 20 && minor < 19\)/);
  });
});

describe('a release', () => {
  const CHANGELOG =
    '# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n- b\n\n## [0.1.0] - 2026-11-01\n\n- a\n';

  it('has the changes of its own version, and none before the changelog names it', () => {
    assert.equal(changesOf(CHANGELOG, '0.2.0'), '- b\n');
    assert.equal(changesOf(CHANGELOG, '0.1.0'), '- a\n');
    assert.equal(changesOf(CHANGELOG, '0.3.0'), undefined);
    assert.equal(changesOf(CHANGELOG.replace('0.2.0', '0x2.0'), '0.2.0'), undefined);
  });
});
