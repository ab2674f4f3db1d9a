/** Runs whose messages, record, end or history break an invariant. */

import { call } from '../clean-run.js';
import type { Case } from './case.js';
import { ended, under, untestedAway } from './case.js';

export const RECORDS: readonly Case[] = [
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
    title: 'AMIs that are left out as untested though AWS refused nothing',
    doctor: (clean) => ({ ...untestedAway(clean), ...under('pass slow@RunInstances/us-east-1#1') }),
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
];
