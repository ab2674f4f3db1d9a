/** The record of a run lacks something, or a delivery has a second effect. */

import type { Mutant } from '../mutant.js';
import { LEFT_OUT, PUBLISHED } from './test-files.js';

export const RECORD: readonly Mutant[] = [
  {
    name: 'a region that failed is not in the final record',
    invariant: 'I6',
    file: 'src/workflows/publish/image-result.ts',
    find: "      .filter(({ state }) => state === 'failed' || state === 'left-out')",
    replace: "      .filter(({ state }) => state === 'left-out')",
    tests: [LEFT_OUT],
  },
  {
    name: 'AMIs of a failed region are on record as public before EC2 was asked',
    invariant: 'I6',
    file: 'src/workflows/publish/leave-out.ts',
    find: "state: 'failed', amis: [], reason,",
    replace: "state: 'failed', reason,",
    tests: [LEFT_OUT],
  },
  {
    name: 'a run with a missing region calls itself published',
    invariant: 'I6',
    file: 'src/workflows/publish/finish.ts',
    find: "  const outcome = isPartial(run) ? 'partly-published' : 'published';",
    replace: "  const outcome = isPartial(run) ? 'published' : 'published';",
    tests: [LEFT_OUT],
  },
];

export const ONCE: readonly Mutant[] = [
  {
    name: 'only the home region is asked whose names are taken',
    invariant: 'I7',
    file: 'src/activities/plan/earlier-publication.ts',
    find: 'const needed = [home, ...others.filter(({ required }) => required)];',
    replace: 'const needed = [home];',
    tests: [PUBLISHED],
  },
  {
    name: 'an image that is complete and private is made again by the next run',
    invariant: 'I7',
    file: 'src/activities/plan/earlier-publication.ts',
    find: '=== RESULT_STATE.complete;',
    replace: "=== 'never';",
    tests: [PUBLISHED],
  },
  {
    name: 'an image that is published already is published again once its run is forgotten',
    invariant: 'I7',
    file: 'src/activities/plan/earlier-publication.ts',
    find: 'const isHomeComplete = atHome.length > 0 && atHome.length >= home.wanted.length;',
    replace: 'const isHomeComplete = atHome.length < 0;',
    tests: [PUBLISHED],
  },
  {
    name: 'a compose that was published may be started again',
    invariant: 'I7',
    file: 'src/client/start.ts',
    find: "return await send(session, message, { ...options, reuse: 'ALLOW_DUPLICATE_FAILED_ONLY' });",
    replace: "return await send(session, message, { ...options, reuse: 'ALLOW_DUPLICATE' });",
    tests: ['test/client/start.test.ts'],
  },
];
