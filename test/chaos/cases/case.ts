/** A run that breaks one invariant: what is changed in a clean run. */

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
export const act = (name: string, ...regions: string[]): HandEvent => ({ act: name, regions });
export const began = (activity: string): HandEvent => ({ activity, region: 'us-east-1' });
export const ended = (status: Evidence['status']) => ({
  status,
  result: undefined,
  repeat: undefined,
});
