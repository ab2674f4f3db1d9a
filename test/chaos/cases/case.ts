/** A run that breaks one invariant: what is changed in a clean run. */

import assert from 'node:assert/strict';
import { allowanceOf } from '../allowance.js';
import type { INVARIANTS } from '../checker.js';
import type { Evidence, HandEvent } from '../evidence.js';
import { parseSchedule } from '../schedule.js';

type Doctored = Partial<{ -readonly [K in keyof Evidence]: Evidence[K] }>;

export interface Case {
  readonly invariant: keyof typeof INVARIANTS;
  readonly title: string;
  readonly doctor: (clean: Evidence) => Doctored;
}

export const stray = (type: 'instance' | 'volume' | 'snapshot' | 'image', tags = {}) => ({
  ...{ type, id: `${type}-stray`, region: 'us-east-1', state: 'running', public: false, tags },
});
export const under = (text: string) => {
  const schedule = parseSchedule(text);
  return { schedule, allowance: allowanceOf(schedule) };
};
/** The record calls the type of the AMI in the other region untested, and the AMI is not there. */
export const untestedAway = ({ result = assert.fail(), listing }: Evidence): Doctored => ({
  result: {
    ...result,
    untested: [{ virt: 'paravirtual', reason: 'no type has room' }],
    amis: result.amis.map((row) =>
      row.region === 'eu-west-1'
        ? {
            ...row,
            ...{
              virt: 'paravirtual',
              ami: null,
              snapshot: null,
              public: false,
              reason: 'no type has room',
            },
          }
        : row,
    ),
  },
  listing: listing.filter(({ id }) => id !== 'ami-away' && id !== 'snap-away'),
});
export const act = (name: string, ...regions: string[]): HandEvent => ({ act: name, regions });
export const began = (activity: string): HandEvent => ({ activity, region: 'us-east-1' });
export const ended = (status: Evidence['status']) => ({
  status,
  result: undefined,
  repeat: undefined,
});
