import assert from 'node:assert/strict';
import { withoutEncodedPart } from '../../src/aws/encoded-part.js';

describe('the text of a refusal', () => {
  it('ends before what only STS can read', () => {
    const message = 'You are not authorized. Encoded authorization failure message: 2Rv-x_Y';
    assert.equal(withoutEncodedPart(message), 'You are not authorized.');
  });

  it('of a hostile server with a million blanks costs the worker no hour', () => {
    const blanks = '\u2029'.repeat(1_000_000);
    assert.equal(withoutEncodedPart(blanks), blanks);
  });
});
