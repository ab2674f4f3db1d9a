/** A checker that cannot complain is worth nothing: each invariant is given a run that breaks it. */

import assert from 'node:assert/strict';
import { INVARIANTS, judge } from './checker.js';
import { call, cleanRun } from './clean-run.js';
import type { Evidence, HandEvent } from './evidence.js';
import { parseSchedule } from './schedule.js';
import { allowanceOf } from './allowance.js';

type Doctored = Partial<{ -readonly [K in keyof Evidence]: Evidence[K] }>;

interface Case {
  readonly invariant: keyof typeof INVARIANTS;
  readonly title: string;
  readonly doctor: (clean: Evidence) => Doctored;
}

const stray = (type: 'instance' | 'volume' | 'snapshot' | 'image', tags = {}) => ({
  ...{ type, id: `${type}-stray`, region: 'us-east-1', state: 'running', public: false, tags },
});
const under = (text: string) => {
  const schedule = parseSchedule(text);
  return { schedule, allowance: allowanceOf(schedule) };
};
const act = (name: string, ...regions: string[]): HandEvent => ({ act: name, regions });
const began = (activity: string): HandEvent => ({ activity, region: 'us-east-1' });
const ended = (status: Evidence['status']) => ({ status, result: undefined, repeat: undefined });

const CASES: readonly Case[] = [
  {
    invariant: 'I1 no leak',
    title: 'an instance that was never tagged',
    doctor: ({ listing }) => ({ listing: [...listing, stray('instance')] }),
  },
  {
    invariant: 'I1 no leak',
    title: 'a private snapshot of a run that failed',
    doctor: ({ listing }) => ({ ...ended('FAILED'), listing: [...listing, stray('snapshot')] }),
  },
  {
    invariant: 'I1 no leak',
    title: 'a volume that the sweep after a terminated run has left',
    doctor: ({ listing }) => ({ ...ended('TERMINATED'), swept: [...listing, stray('volume')] }),
  },
  {
    invariant: 'I1 no leak',
    title: 'a snapshot that a terminated run left public, without an AMI',
    doctor: ({ listing }) => ({
      ...ended('TERMINATED'),
      swept: [...listing, { ...stray('snapshot'), region: 'ap-south-1', public: true }],
    }),
  },
  {
    invariant: 'I2 no duplicate',
    title: 'two AMIs of one variant under different names',
    doctor: ({ listing }) => ({
      listing: listing.flatMap((one) =>
        one.id === 'ami-away'
          ? [one, { ...one, id: 'ami-twin', tags: { ...one.tags, Name: 'another' } }]
          : [one],
      ),
    }),
  },
  {
    invariant: 'I2 no duplicate',
    title: 'a second copy of the snapshot that is public, too',
    doctor: ({ listing }) => ({
      listing: listing.flatMap((one) =>
        one.id === 'snap-away' ? [one, { ...one, id: 'snap-twin' }] : [one],
      ),
    }),
  },
  {
    invariant: 'I3 gate',
    title: 'a permission before the test has run',
    doctor: ({ effects }) => ({
      effects: [...effects.slice(0, 4), ...effects.slice(5), ...effects.slice(4, 5)],
    }),
  },
  {
    invariant: 'I3 gate',
    title: 'an AMI in another region before the test has run',
    doctor: ({ effects }) => ({
      effects: [
        ...effects.slice(0, 3),
        ...effects.slice(5, 7),
        ...effects.slice(3, 5),
        ...effects.slice(7),
      ],
    }),
  },
  {
    invariant: 'I3 gate',
    title: 'a test that history does not call passed',
    doctor: ({ history }) => ({ history: { ...history, passedTests: [] } }),
  },
  {
    invariant: 'I3 gate',
    title: 'a public AMI of another snapshot than the tested one',
    doctor: ({ effects }) => ({
      effects: effects.map((one) =>
        one.action === 'RegisterImage' && one.region === 'eu-west-1'
          ? { ...one, request: { BlockDeviceMapping: { 1: { Ebs: { SnapshotId: 'snap-old' } } } } }
          : one,
      ),
    }),
  },
  {
    invariant: 'I3 gate',
    title: 'anything public of an image whose test fails',
    doctor: () => under('test-fails'),
  },
  {
    invariant: 'I4 bytes',
    title: 'a copy with other bytes',
    doctor: ({ snapshots }) => ({
      snapshots: snapshots.map((one, index) => (index === 1 ? { ...one, sha256: 'other' } : one)),
    }),
  },
  {
    invariant: 'I4 bytes',
    title: 'something behind the image',
    doctor: ({ snapshots }) => ({
      snapshots: snapshots.map((one) => ({ ...one, restIsZero: false })),
    }),
  },
  {
    invariant: 'I5 messages',
    title: 'a completed copy that was never started',
    doctor: ({ messages }) => ({ messages: messages.slice(1) }),
  },
  {
    invariant: 'I5 messages',
    title: 'a message that breaks its schema',
    doctor: ({ result }) => ({
      result: result && { ...result, unsent: ['image.copy (copy/eu-west-1): no AMI id'] },
    }),
  },
  {
    invariant: 'I5 messages',
    title: 'a publication that is not true',
    doctor: ({ listing }) => ({
      listing: listing.map((one) => (one.id === 'ami-away' ? { ...one, public: false } : one)),
    }),
  },
  {
    invariant: 'I5 messages',
    title: 'a public AMI without a message',
    doctor: ({ messages }) => ({ messages: messages.slice(0, -1) }),
  },
  {
    invariant: 'I5 messages',
    title: 'a public AMI of a cancelled run without a message',
    doctor: ({ messages }) => ({
      ...ended('CANCELLED'),
      messages: messages.filter(({ topic }) => topic !== 'fedimg.image.publish'),
    }),
  },
  {
    invariant: 'I6 accounted',
    title: 'a record of an AMI that is not there',
    doctor: ({ listing }) => ({ listing: listing.filter(({ id }) => id !== 'ami-away') }),
  },
  {
    invariant: 'I6 accounted',
    title: 'a snapshot that stayed private',
    doctor: ({ listing }) => ({
      listing: listing.map((one) => (one.id === 'snap-away' ? { ...one, public: false } : one)),
    }),
  },
  {
    invariant: 'I6 accounted',
    title: 'a missing AMI without a reason',
    doctor: ({ result }) => ({
      result: result && { ...result, amis: result.amis.map((one) => ({ ...one, ami: null })) },
    }),
  },
  {
    invariant: 'I6 end state',
    title: 'a failure though every fault passes',
    doctor: () => ({ ...ended('FAILED'), ...under('pass throttle@RegisterImage/us-east-1#1') }),
  },
  {
    invariant: 'I6 end state',
    title: 'a region that is missing though only another one was refused',
    doctor: ({ listing }) => ({
      ...under('pass refusal@CopySnapshot/us-east-2#1'),
      listing: listing.filter(({ region }) => region !== 'eu-west-1'),
    }),
  },
  {
    invariant: 'I6 end state',
    title: 'a run that is cancelled without a request',
    doctor: () => ended('CANCELLED'),
  },
  {
    invariant: 'I6 end state',
    title: 'a run that completes though its test fails',
    doctor: () => under('test-fails'),
  },
  {
    invariant: 'I7 once',
    title: 'a second delivery that registers again',
    doctor: () => ({
      repeat: {
        outcome: 'already-published',
        effects: [call('RegisterImage', 'us-east-1', {}, ['image/us-east-1/ami-second'])],
      },
    }),
  },
  {
    invariant: 'I7 once',
    title: 'a second delivery that calls an image published which lacks a region',
    doctor: ({ listing }) => ({ listing: listing.filter(({ id }) => id !== 'ami-away') }),
  },
  {
    invariant: 'I8 blast radius',
    title: "another's volume that is gone",
    doctor: ({ listing }) => ({ listing: listing.filter(({ id }) => id !== 'vol-canary') }),
  },
  {
    invariant: 'I8 blast radius',
    title: "another's volume that was given our tags",
    doctor: ({ listing }) => ({
      listing: listing.map((one) => (one.id === 'vol-canary' ? { ...one, tags: { a: 'b' } } : one)),
    }),
  },
  {
    invariant: 'I8 blast radius',
    title: 'a public AMI that a cancelled run took back',
    doctor: ({ effects, listing }) => ({
      ...ended('CANCELLED'),
      effects: [...effects, call('DeregisterImage', 'eu-west-1', {}, ['image/eu-west-1/ami-away'])],
      listing: listing.filter(({ id }) => id !== 'ami-away'),
    }),
  },
  {
    invariant: 'I9 progress',
    title: 'a run that never ends',
    doctor: () => ended('RUNNING'),
  },
  {
    invariant: 'I9 progress',
    title: 'a workflow task that fails',
    doctor: ({ history }) => ({ history: { ...history, taskFailures: ['cause 1: TypeError'] } }),
  },
  {
    invariant: 'I9 progress',
    title: 'a final error that is tried again',
    doctor: ({ history }) => ({ history: { ...history, retriedFinal: ['attempt 2'] } }),
  },
  {
    invariant: 'I10 replay',
    title: 'a history that does not replay',
    doctor: ({ history }) => ({ history: { ...history, replayFailure: 'nondeterminism' } }),
  },
  {
    invariant: 'I11 fencing',
    title: 'an attempt that acts after its successor',
    doctor: ({ effects }) => ({
      effects: [
        ...effects,
        call('CreateTags', 'eu-west-1', {}, ['image/eu-west-1/ami-away'], 'copyToRegion; 7; 2'),
        call('CreateTags', 'eu-west-1', {}, ['image/eu-west-1/ami-away'], 'copyToRegion; 7; 1'),
      ],
    }),
  },
  {
    invariant: 'I11 fencing',
    title: 'an effect without an author',
    doctor: ({ effects }) => ({
      effects: effects.map((one) => ({ ...one, userAgent: 'aws-sdk-js/3' })),
    }),
  },
  {
    invariant: 'I11 one writer',
    title: 'a volume that two instances held',
    doctor: ({ effects }) => ({
      effects: [
        ...effects,
        call('AttachVolume', 'us-east-1', {}, ['volume/us-east-1/vol-1', 'instance/us-east-1/i-2']),
      ],
    }),
  },
  {
    invariant: 'I12 thrift',
    title: 'three times the calls under throttling',
    doctor: ({ effects }) => ({
      ...under('pass throttle@RegisterImage/us-east-1#1'),
      effects: [...effects, ...effects, ...effects],
    }),
  },
  {
    invariant: 'I13 silence',
    title: 'the secret key in history',
    doctor: ({ history }) => ({ history: { ...history, secretIn: ['event 5'] } }),
  },
  {
    invariant: 'I13 silence',
    title: 'the secret key in a log',
    doctor: () => ({ logLeaks: ['AWS_SECRET_ACCESS_KEY=...'] }),
  },
  {
    invariant: 'I13 silence',
    title: 'a payload that Temporal refuses',
    doctor: ({ history }) => ({ history: { ...history, largestPayloadBytes: 300 * 1024 } }),
  },
  {
    invariant: 'I15 provenance',
    title: 'a public AMI that names another hash',
    doctor: ({ listing }) => ({
      listing: listing.map((one) =>
        one.id === 'ami-away' ? { ...one, tags: { ...one.tags, 'fedimg:raw-sha256': 'x' } } : one,
      ),
    }),
  },
  {
    invariant: 'I16 cancel',
    title: 'a permission of an attempt that began after the cancel',
    doctor: ({ effects, history }) => ({
      ...ended('CANCELLED'),
      history: { ...history, cancelledAt: Date.parse(effects.at(-1)?.time ?? '') },
      effects: [
        ...effects,
        call(
          'ModifyImageAttribute',
          'us-east-1',
          {},
          ['image/us-east-1/ami-home'],
          'publishRegion; 9; 2',
        ),
      ],
    }),
  },
  {
    invariant: 'I17 skip',
    title: 'an AMI in a region that the operator has skipped',
    doctor: ({ history }) => ({
      history: { ...history, hands: [act('skipRegions', 'eu-west-1')] },
    }),
  },
  {
    invariant: 'I17 pause',
    title: 'a copy that begins before a paused run is resumed',
    doctor: ({ history }) => {
      const hands = [began('runTest'), act('pause'), began('copyToRegion'), act('resume')];
      return { history: { ...history, hands } };
    },
  },
  {
    invariant: 'I17 approval',
    title: 'a publication before the approval',
    doctor: ({ history }) => ({
      ...under('held reset-before@DescribeImages/us-east-1#1'),
      history: { ...history, hands: [began('publishRegion'), act('approve')] },
    }),
  },
  {
    invariant: 'I17 retry',
    title: 'a second write after the retry of a region',
    doctor: ({ history }) => {
      const hands = [began('copyToRegion'), act('retryRegions', 'eu-west-1'), began('writeImage')];
      return { history: { ...history, hands } };
    },
  },
];

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
