/** Prints each part of the policies of ops/iam, and what goes wrong without it. */

import { policyTable } from '../test/policies/policy-table.js';

for (const { policy, statement, part, isLimit, shownBy } of await policyTable()) {
  const effect =
    shownBy === undefined
      ? 'NOTHING depends on it'
      : `${isLimit ? 'allows' : 'refuses'} ${shownBy.action} on ${shownBy.resource} (${shownBy.situation})`;
  console.log(`${policy} ${statement}: ${part} -> ${effect}`);
  if (shownBy === undefined) process.exitCode = 1;
}
