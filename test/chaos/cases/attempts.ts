/** Runs whose attempts, calls, texts or acts of the operator break an invariant. */

import { call } from '../clean-run.js';
import type { Case } from './case.js';
import { act, began, ended, under } from './case.js';

export const ATTEMPTS: readonly Case[] = [
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
