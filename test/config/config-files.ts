/** Configuration files of one test, in a folder of their own. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadConfig } from '../../src/config/load.js';
import { ConfigError } from '../../src/config/problems.js';
import type { Config } from '../../src/config/schema.js';

/** The least that a configuration needs; its script is `smoke.sh`. */
export const LEAST = `
[[amis]]
region = "us-east-1"
ami = "al2023"
arch = "x86_64"
[test]
script = "smoke.sh"
`;

export interface ConfigFolder {
  path: string;
  write: (name: string, text: string) => Promise<string>;
  /** Loads `text` as `fedimg.toml`. */
  load: (text: string) => Promise<Config>;
  /** The lines that are printed for `text`; fails when it is accepted. */
  complaintsAbout: (text: string) => Promise<string[]>;
  remove: () => Promise<void>;
}

export async function makeConfigFolder(): Promise<ConfigFolder> {
  const path = await mkdtemp(join(tmpdir(), 'fedimg-config-'));
  const write = async (name: string, text: string): Promise<string> => {
    const file = join(path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  };
  await write('smoke.sh', 'true\n');
  const load = async (text: string): Promise<Config> => {
    await write('fedimg.toml', text);
    return (await loadConfig({ env: {}, cwd: path })).config;
  };
  const complaintsAbout = async (text: string): Promise<string[]> => {
    const error: unknown = await load(text).then(
      () => assert.fail(`accepted: ${text}`),
      (caught: unknown) => caught,
    );
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split('\n').filter((line) => line.startsWith('fedimg.toml:'));
  };
  return { path, write, load, complaintsAbout, remove: () => rm(path, { recursive: true }) };
}

/** Gives every test of the suite that calls it a folder of its own. */
export function eachWithConfigFolder(): () => ConfigFolder {
  let folder: ConfigFolder | undefined;
  beforeEach(async () => {
    folder = await makeConfigFolder();
  });
  afterEach(() => folder?.remove());
  return () => {
    assert.ok(folder, 'no folder');
    return folder;
  };
}
