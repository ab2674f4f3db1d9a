import assert from 'node:assert/strict';
import { temporalAddress } from '../../src/client/connection.js';
import { ClientError, clientErrorOf, unreachable } from '../../src/client/errors.js';

describe('an error of a Temporal server', () => {
  it('recommends `fedimg dev` only for a local address', () => {
    const { address } = temporalAddress({ env: { TEMPORAL_CONFIG_FILE: '/dev/null' } });
    for (const local of [address, 'localhost:7233']) {
      assert.match(unreachable(local, 'refused').next, /Start a server with `fedimg dev`/);
    }
    // With such an address, the worker of `fedimg dev` would work for another server.
    for (const other of ['temporal.example.org:7233', '127.0.0.1:1', '10.0.0.1:7233']) {
      const { next } = unreachable(other, 'refused');
      assert.match(next, /Check TEMPORAL_ADDRESS/);
      assert.doesNotMatch(next, /fedimg dev/);
    }
  });

  it('has the command that creates missing search attributes', () => {
    const details = 'Namespace default has no mapping defined for search attribute Compose';
    const refusal = Object.assign(new Error(details), { code: 3, details, metadata: {} });
    const error = clientErrorOf(refusal, 'temporal.example.org:7233');
    assert(error instanceof ClientError, String(error));
    assert.match(
      error.next,
      /temporal operator search-attribute create --namespace NAMESPACE --name Compose --type Keyword .*--name Phase --type Keyword/,
    );
  });
});
