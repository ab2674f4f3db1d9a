import assert from 'node:assert/strict';
import { checkNode } from '../../../src/commands/shared/run-doctor.js';

describe('fedimg doctor', () => {
  it('reports a Node past its end of life in one line, in place of the warning of the SDK', () => {
    assert.equal(checkNode('24.22.3').state, 'ok');
    assert.equal(checkNode('22.0.0').state, 'ok');
    const old = checkNode('20.19.6');
    assert.equal(old.state, 'warning');
    assert.match(old.next ?? '', /Install Node 24/);
  });
});
