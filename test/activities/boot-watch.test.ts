import assert from 'node:assert/strict';
import { errorLines } from '../../src/activities/boot-watch.js';

describe('the console of an instance that boots', () => {
  it('is shown from its first error on, without control characters', () => {
    const console = 'Linux version 6\r\nKernel panic - \u001b[31mnot syncing\r\nno init\r\n';
    assert.equal(errorLines(console), 'Kernel panic - \\u{1b}[31mnot syncing\nno init');
  });

  it('is not shown while the boot goes well', () => {
    assert.equal(errorLines('Linux version 6\n\nReached target Network\n'), undefined);
    assert.equal(errorLines(''), undefined);
  });
});
