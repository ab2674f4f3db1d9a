/** One Python environment with the programs that read fedimg's messages: Fedora's own, and the package of this repository. */

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonTools } from './python-tools.js';

const PINS = fileURLToPath(new URL('fedora-requirements.txt', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../../python/fedimg_messages', import.meta.url));

/** The folder of its programs. Another pin or another text of the package makes a new environment. Throws with what is missing. */
export async function fedoraPython(): Promise<string> {
  const pins = (await readFile(PINS, 'utf8')).trim().split('\n');
  const hash = createHash('sha256').update(pins.join());
  const files = await readdir(PACKAGE, { recursive: true, withFileTypes: true });
  const paths = files
    .filter((file) => file.isFile() && !file.name.endsWith('.pyc'))
    .map(({ parentPath, name }) => join(parentPath, name));
  for (const path of paths.sort()) hash.update(await readFile(path));
  const name = `fedora-${hash.digest('hex').slice(0, 8)}`;
  try {
    // The pins are complete. fedmsg_meta's own list of requirements would also bring a web server and its client.
    return await pythonTools({ name, requirements: ['--no-deps', ...pins, PACKAGE] });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Fedora's messaging programs cannot be installed, and this test needs them (python3, its venv and PyPI): ${why}`,
      { cause: error },
    );
  }
}
