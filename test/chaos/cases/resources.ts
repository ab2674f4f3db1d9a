/** Runs whose resources break an invariant: leaks, duplicates, the gate, the bytes, the blast radius. */

import { call } from '../clean-run.js';
import type { Case } from './case.js';
import { ended, stray, under } from './case.js';

export const RESOURCES: readonly Case[] = [
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
];
