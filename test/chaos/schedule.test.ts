import assert from 'node:assert/strict';
import { allowanceOf } from './allowance.js';
import type { CallPoint } from './fault.js';
import { CLOUD_KINDS, DRIVER_KINDS } from './fault.js';
import { plan } from './plans.js';
import { drawSchedule, parseSchedule, scheduleText } from './schedule.js';
import { shrink } from './shrink.js';

const point = (action: string, regionName: string, occurrence = 1): CallPoint => ({
  action,
  region: regionName,
  occurrence,
});
const POINTS = {
  pass: [
    point('RunInstances', 'us-east-1'),
    point('RunInstances', 'us-east-1', 2),
    point('CopySnapshot', 'eu-west-1'),
    point('RegisterImage', 'eu-west-1', 2),
    point('DescribeImages', 'us-east-1'),
    point('SendCommand', 'us-east-1'),
  ],
  'test-fails': [point('RunInstances', 'us-east-1'), point('DeregisterImage', 'us-east-1')],
  held: [point('RunInstances', 'us-east-1'), point('CopySnapshot', 'eu-west-1')],
  direct: [point('StartSnapshot', 'us-east-1')],
  early: [point('CopySnapshot', 'eu-west-1')],
  'early-fails': [point('CopySnapshot', 'eu-west-1')],
};
const draw = (seed: number, run: number): string =>
  scheduleText(drawSchedule({ seed, run, points: POINTS }));

/** These end a run, or what is made in a region. */
const ENDS = ['cancel', 'terminate', 'refusal', 'quota', 'fails-later', 'skip'];

describe('a fault schedule', () => {
  it('is the same one whenever its seed and number come again', () => {
    const texts = Array.from({ length: 50 }, (_none, run) => draw(7, run));
    assert.deepEqual(
      texts,
      Array.from({ length: 50 }, (_none, run) => draw(7, run)),
    );
    assert(new Set(texts).size > 45, 'other numbers give other schedules');
    assert.notEqual(draw(8, 1), draw(7, 1));
  });

  it('can be given back as it was printed, whatever it has drawn', () => {
    const kinds = new Set<string>();
    for (let run = 0; run < 600; run += 1) {
      const schedule = drawSchedule({ seed: 3, run, points: POINTS });
      assert(
        schedule.faults.length >= 1 && schedule.faults.length <= 6,
        `${schedule.faults.length} faults`,
      );
      assert.deepEqual(parseSchedule(scheduleText(schedule)), schedule);
      for (const { kind } of schedule.faults) kinds.add(kind);
    }
    assert.deepEqual([...kinds].sort(), [...DRIVER_KINDS, ...CLOUD_KINDS].sort());
  });

  it('says what is wrong with one that was mistyped', () => {
    assert.throws(() => parseSchedule('pas kill-before@A/b#1'), /begins with pass, test-fails/);
    assert.throws(() => parseSchedule('pass kil@A/us-east-1#1'), /KIND@Action/);
    assert.throws(() => parseSchedule('pass hang@A/us-east-1#1:often=2'), /neither count/);
  });

  it('never lets a run fail for faults that pass', () => {
    const kinds = [...DRIVER_KINDS, ...CLOUD_KINDS].filter((kind) => !ENDS.includes(kind));
    for (const kind of kinds) {
      const { failed, missing, cancelled, terminated } = allowanceOf(
        parseSchedule(`pass ${kind}@RunInstances/us-east-1#1`),
      );
      assert.deepEqual(
        { failed, missing: missing.size, cancelled, terminated },
        { failed: false, missing: 0, cancelled: false, terminated: false },
        kind,
      );
    }
  });

  it('lets a refused region be missing, and no other', () => {
    const { failed, missing } = allowanceOf(parseSchedule('pass quota@CopySnapshot/eu-west-1#1'));
    assert.deepEqual([...missing], ['eu-west-1']);
    assert.equal(failed, false);
  });

  it('lets a region be missing that the operator skips, but never the home region', () => {
    const away = allowanceOf(parseSchedule('held skip@CopySnapshot/eu-west-1#1'));
    assert.deepEqual([...away.missing], ['eu-west-1']);
    const home = allowanceOf(parseSchedule('held skip@RunInstances/us-east-1#1'));
    assert.deepEqual([home.missing.size, home.failed], [0, false]);
  });

  it('has each act of the operator at each first call of a kind, with a worker that is killed there', () => {
    const planned = plan('acts', { seed: 1, runs: 1, points: { held: POINTS.held } });
    const texts = planned.map(({ schedule }) => scheduleText(schedule));
    assert.equal(texts.length, 2 * 4);
    assert(
      texts.includes(
        'held pause@RunInstances/us-east-1#1:forMs=1000 kill-answer@RunInstances/us-east-1#1',
      ),
      texts.join('\n'),
    );
  });

  it('shrinks to those faults that it takes to fail', async () => {
    const schedule = parseSchedule(
      'pass throttle@A/r#1 kill-before@B/r#1 slow@C/r#1 hang@D/r#1 stop@E/r#1 zombie@F/r#1',
    );
    let asked = 0;
    const smallest = await shrink(schedule, ({ faults }) => {
      asked += 1;
      const kinds = faults.map(({ kind }) => kind);
      return Promise.resolve(kinds.includes('kill-before') && kinds.includes('zombie'));
    });
    assert.equal(scheduleText(smallest), 'pass kill-before@B/r#1 zombie@F/r#1');
    assert(asked <= 21, `${asked} runs`);
  });

  it('has each changing call of an undisturbed run three times in the list of kill points', () => {
    const points = { wide: POINTS.pass, 'test-fails': POINTS['test-fails'] };
    const planned = plan('kill-points', { seed: 1, runs: 1, points });
    // Five calls that change something, and two of the clean-up.
    assert.equal(planned.length, 3 * (5 + 2));
    const texts = planned.map(({ schedule }) => scheduleText(schedule));
    assert.equal(new Set(texts).size, texts.length);
    assert(texts.includes('test-fails kill-effect@DeregisterImage/us-east-1#1'), texts.join('\n'));
  });
});
