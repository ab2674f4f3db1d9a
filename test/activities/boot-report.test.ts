import assert from 'node:assert/strict';
import { errorLines } from '../../src/activities/boot-report.js';

describe('the console of an instance that boots', () => {
  it('is shown by its last lines as soon as one of them is an error, without control characters', () => {
    const console = '1\r\n2\r\n3\r\n4\r\n5\r\nKernel panic - \u001b[31mnot syncing\r\nno init\r\n';
    assert.equal(errorLines(console), '2\n3\n4\n5\nKernel panic - \\u{1b}[31mnot syncing\nno init');
  });

  it('is not shown while the boot goes well', () => {
    assert.equal(errorLines('Linux version 6\n\nReached target Network\n'), undefined);
    assert.equal(errorLines(''), undefined);
  });
});
