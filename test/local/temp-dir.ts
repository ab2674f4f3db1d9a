/** A folder of its own for each test, removed afterwards. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** Registers the hooks in the current suite; the returned function names the test's folder. */
export function useTempDir(): () => string {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'fedimg-dev-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  return () => folder;
}

/** Writes an executable shell script and returns its path. */
export async function writeScript(file: string, body: string): Promise<string> {
  await writeFile(file, `#!/bin/bash\n${body}\n`);
  await chmod(file, 0o755);
  return file;
}
