/** A sample of whole runs on real processes; `npm run chaos` has the rest. */

import assert from 'node:assert/strict';
import { runCampaign } from './campaign.js';
import { parseSchedule } from './schedule.js';

/** Each column of the run level once, at a call where somebody lost something. */
const SAMPLE = [
  'pass kill-effect@RunInstances/us-east-1#1',
  'pass kill-before@CopySnapshot/eu-west-1#1 lost-answer@RegisterImage/us-east-1#2',
  'pass cancel@RegisterImage/us-east-2#1',
  'pass throttle@ModifySnapshotAttribute/us-east-1#1:count=2 cancel@ModifyImageAttribute/us-east-1#2',
  'pass terminate@CreateSnapshot/us-east-1#1',
  'pass zombie@RegisterImage/us-east-1#1',
  'pass temporal@CopySnapshot/us-east-2#1:forMs=500 reset-after@CreateSnapshot/us-east-1#1',
  'pass quota@CopySnapshot/eu-west-1#1 stop@RegisterImage/us-east-2#1',
];

describe('a whole run on real processes', () => {
  it('breaks no invariant under kills, cancels, pauses and outages', async function () {
    // Two minutes of CPU time, on a machine that may be busy.
    this.timeout(1_800_000);
    const said: string[] = [];
    const report = await runCampaign({
      mode: 'runs',
      seed: 1,
      runs: SAMPLE.length,
      lanes: 3,
      schedules: SAMPLE.map(parseSchedule),
      shrink: false,
      log: (line) => said.push(line),
    });
    assert.deepEqual(report.findings, [], said.join('\n'));
    assert.deepEqual(report.unreached, [], 'every fault came to pass');
    assert.equal(report.runs, SAMPLE.length);
  });
});
