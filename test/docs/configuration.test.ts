/** docs/configuration.md is what the model says today. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { configurationPage } from '../../scripts/reference/configuration.js';

const PAGE = new URL('../../docs/configuration.md', import.meta.url);

describe('the configuration reference', () => {
  it('has each key of the model as it is now', async () => {
    const text = await readFile(PAGE, 'utf8');
    assert.equal(text, configurationPage(), 'run: npx tsx scripts/write-reference.ts');
  });
});
