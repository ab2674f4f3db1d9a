import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findOnPath, MissingToolsError, requireTools } from '../../../src/local/processes/tools.js';
import { useTempDir, writeScript } from '../temp-dir.js';

describe('system tools', () => {
  const tempDir = useTempDir();

  it('names all the missing tools at once, and the packages that have them', async () => {
    await writeScript(path.join(tempDir(), 'curl'), 'exit 0');
    await assert.rejects(
      requireTools(['bash', 'curl', 'xz'], { PATH: tempDir() }),
      (error: unknown) => {
        assert.ok(error instanceof MissingToolsError, String(error));
        assert.deepEqual(error.tools, ['bash', 'xz']);
        assert.match(error.message, /sudo apt-get install bash xz-utils/);
        assert.match(error.message, /sudo dnf install bash xz/);
        assert.match(error.message, /brew install bash xz/);
        return true;
      },
    );
  });

  it('accepts a PATH that has them', async () => {
    await requireTools(['bash', 'xz']);
  });

  it('ignores files that are not executable, and relative folders', async () => {
    await writeFile(path.join(tempDir(), 'xz'), '');
    assert.equal(await findOnPath('xz', { PATH: tempDir() }), undefined);
    const relative = path.relative(process.cwd(), '/bin');
    assert.equal(await findOnPath('sh', { PATH: `:.:${relative}` }), undefined);
  });
});
