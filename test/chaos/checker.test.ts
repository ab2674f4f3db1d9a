/** A checker that cannot complain is worth nothing: each invariant is given a run that breaks it. */

import assert from 'node:assert/strict';
import { ATTEMPTS } from './cases/attempts.js';
import { act, began, under, untestedAway } from './cases/case.js';
import { RECORDS } from './cases/record.js';
import { RESOURCES } from './cases/resources.js';
import { INVARIANTS, judge } from './checker.js';
import { call, cleanRun } from './clean-run.js';
import type { Evidence } from './evidence.js';

const CASES = [...RESOURCES, ...RECORDS, ...ATTEMPTS];

describe('the checker of whole runs', () => {
  it('finds nothing wrong with a clean run', () => {
    assert.deepEqual(judge(cleanRun()), []);
  });

  it('blames no attempt for a call that was on its way when its successor acted', () => {
    const clean = cleanRun();
    const tags = (attempt: number) =>
      call(
        'CreateTags',
        'eu-west-1',
        {},
        ['image/eu-west-1/ami-away'],
        `copyToRegion; 7; ${attempt}`,
      );
    const [second, first] = [tags(2), tags(1)];
    const late = { ...first, sentAt: new Date(Date.parse(second.time) - 1000).toISOString() };
    assert.deepEqual(judge({ ...clean, effects: [...clean.effects, second, late] }), []);
  });

  it('accepts the permissions of an attempt that acted already when the cancel was accepted', () => {
    const clean = cleanRun();
    const first = Date.parse(clean.effects[0]?.time ?? '');
    const history = { ...clean.history, cancelledAt: first + 8_500 };
    const status = 'CANCELLED' as const;
    const found = INVARIANTS['I16 cancel']?.({ ...clean, status, history });
    assert.deepEqual(found, []);
  });

  it('blames no second delivery that finds public what the first could not look at any more', () => {
    const clean = cleanRun();
    const { result = assert.fail() } = clean;
    const partly = { ...result, outcome: 'partly-published' } as const;
    assert.deepEqual(judge({ ...clean, result: partly }), []);
  });

  it('accepts a second delivery that adds a missing region, and not one that writes the image again', () => {
    const clean = cleanRun();
    const { result = assert.fail() } = clean;
    const without = {
      ...clean,
      result: { ...result, outcome: 'partly-published' as const },
      listing: clean.listing.filter(({ id }) => id !== 'ami-away'),
    };
    const register = call('RegisterImage', 'eu-west-1', {}, ['image/eu-west-1/ami-new']);
    const launch = call('RunInstances', 'us-east-1', {}, ['instance/us-east-1/i-new']);
    const once = (effects: Evidence['effects']) =>
      INVARIANTS['I7 once']?.({ ...without, repeat: { outcome: 'published', effects } });
    assert.deepEqual(once([register]), []);
    assert.notDeepEqual(once([register, launch]), []);
  });

  it('accepts a type that AWS refused to test, and that is left out with the reason', () => {
    const clean = { ...cleanRun(), ...under('pass refusal@RunInstances/us-east-1#3') };
    assert.deepEqual(INVARIANTS['I6 end state']?.({ ...clean, ...untestedAway(clean) }), []);
  });

  for (const { invariant, title, doctor } of CASES) {
    it(`complains of ${invariant}: ${title}`, () => {
      const clean = cleanRun();
      const said = INVARIANTS[invariant]?.({ ...clean, ...doctor(clean) });
      assert.notDeepEqual(said, []);
    });
  }

  it('accepts what the operator may see: a region that is retried after a skip, the rest of a step under way, a lost machine', () => {
    const hands = [
      ...[began('copyToRegion'), act('skipRegions', 'eu-west-1'), act('retryRegions', 'eu-west-1')],
      ...[act('pause'), began('copyToRegion'), act('resume'), began('publishRegion')],
    ];
    const clean = cleanRun();
    assert.deepEqual(judge({ ...clean, history: { ...clean.history, hands } }), []);
    const lost = under('held instance-loss@RunInstances/us-east-1#2');
    const again = [began('copyToRegion'), act('retryRegions', 'eu-west-1'), began('runTest')];
    const approved = [act('approve'), ...again];
    assert.deepEqual(
      judge({ ...clean, ...lost, history: { ...clean.history, hands: approved } }),
      [],
    );
  });

  it('has a case for every invariant', () => {
    const covered = new Set(CASES.map(({ invariant }) => invariant));
    assert.deepEqual(
      Object.keys(INVARIANTS).filter((name) => !covered.has(name)),
      [],
    );
  });
});
