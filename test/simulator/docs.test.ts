/** docs/simulator.md names every fault kind, every key of a rule and every setting. */

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { faultKinds, faultRuleKeys } from '../../src/simulator/faults/fault-rule.js';
import { changeableSettings } from '../../src/simulator/settings.js';

describe('simulator: documentation', () => {
  it('names every kind of fault, every key of a rule and every setting', async () => {
    const text = await fs.readFile(new URL('../../docs/simulator.md', import.meta.url), 'utf8');
    const counts = ['seen', 'fired', 'firstAt', 'id', 'kind'];
    const names = [...faultKinds, ...changeableSettings, ...faultRuleKeys].filter(
      (name) => !counts.includes(name),
    );
    const missing = names.filter((name) => !text.includes(`\`${name}\``));
    assert.deepEqual(missing, []);
    assert.ok(names.length > 40, String(names.length));
  });
});
