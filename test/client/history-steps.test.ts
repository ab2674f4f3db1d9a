import assert from 'node:assert/strict';
import type { PastActivity } from '../../src/client/history-steps.js';
import { regionOfPlan, stepsOf } from '../../src/client/history-steps.js';
import { registered } from '../support/fake-activities.js';
import { someRegion } from '../support/images.js';

function past(type: string, overrides: Partial<PastActivity> = {}): PastActivity {
  return {
    type,
    scheduledAt: '2026-11-22T14:02:00.000Z',
    region: 'us-east-1',
    end: 'completed',
    endedAt: '2026-11-22T14:02:05.000Z',
    result: undefined,
    failure: undefined,
    ...overrides,
  };
}

const OPEN = { end: 'open', endedAt: undefined } as const;

describe('a run whose worker does not answer', () => {
  it('is not shown as waiting in the step that it is in', () => {
    const steps = stepsOf([
      past('planImage', { region: undefined }),
      past('launchUtilityInstance'),
      past('writeImage', { ...OPEN, region: undefined }),
    ]);
    assert.deepEqual(
      [steps.plan.state, steps.utility.state, steps.write.state, steps.register.state],
      ['done', 'done', 'running', 'waiting'],
    );
    assert.equal(steps.write.startedAt, '2026-11-22T14:02:00.000Z');
  });

  it('shows which step failed while it is undone', () => {
    const steps = stepsOf([
      past('launchUtilityInstance'),
      past('writeImage', { end: 'failed', failure: 'sha256', region: undefined }),
      past('undoRegion', OPEN),
    ]);
    assert.equal(steps.write.state, 'failed');
  });

  it('shows its regions with their AMIs, those that failed with the reason, and what was undone', () => {
    const regionPlan = someRegion('eu-west-1');
    const region = 'eu-west-1';
    const result = registered(regionPlan, 'snap-1');
    const copied = [past('copyToRegion', { region, result })];
    assert.deepEqual(
      [regionOfPlan(regionPlan, copied).state, regionOfPlan(regionPlan, copied).amis.length],
      ['copied', 4],
    );
    const failed = [past('copyToRegion', { region, end: 'failed', failure: 'quota' })];
    assert.equal(regionOfPlan(regionPlan, failed).reason, 'quota');
    const undone = [...copied, past('undoRegion', { region })];
    assert.deepEqual(regionOfPlan(regionPlan, undone).amis, []);
    assert.equal(
      regionOfPlan(regionPlan, [past('copyToRegion', { region, ...OPEN })]).state,
      'copying',
    );
    assert.equal(regionOfPlan(regionPlan, []).state, 'waiting');
  });
});
