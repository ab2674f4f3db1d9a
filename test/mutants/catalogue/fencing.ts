/** Two attempts act at once, or AWS is asked too often. */

import type { Mutant } from '../mutant.js';
import { GIVEN_UP, GUEST, TWO } from './test-files.js';

export const FENCING: readonly Mutant[] = [
  {
    name: 'an attempt that woke beside its successor goes on acting',
    invariant: 'I11',
    file: 'src/activities/attempt/fence.ts',
    find: 'await heldLease()?.held();',
    replace: 'await Promise.resolve();',
    tests: ['test/activities/attempt/fence.test.ts'],
  },
  {
    name: 'the heartbeat of the attempt before counts for the one after it',
    invariant: 'I11',
    file: 'src/activities/attempt/lease.ts',
    find: 'if (lease !== this.#id) return;\n',
    replace: '',
    tests: ['test/activities/attempt/fence.test.ts'],
  },
  {
    name: 'work that was handed to a paused worker is begun beside its next attempt',
    invariant: 'I11',
    file: 'src/activities/attempt/lease.ts',
    find: 'if (this.#recordedMs === undefined) await this.#proved();\n',
    replace: '',
    tests: ['test/activities/attempt/fence.test.ts', 'test/worker/lease-watch.test.ts'],
  },
  {
    name: 'an attempt goes on that Temporal has given up',
    invariant: 'I11',
    file: 'src/activities/attempt/fence.ts',
    find: 'if (current?.attempt !== attempt) lease.lose();',
    replace: 'if (current === undefined) continue;',
    tests: ['test/activities/attempt/fence.test.ts'],
  },
  {
    name: 'a call that an attempt has left behind passes when the attempt has ended',
    invariant: 'I11',
    file: 'src/activities/attempt/fence.ts',
    find: '    lease.lose();\n  }',
    replace: '  }',
    tests: ['test/activities/attempt/fence.test.ts'],
  },
  {
    name: 'a lease stands still while its machine is suspended',
    invariant: 'I11',
    file: 'src/activities/attempt/lease-clock.ts',
    find: 'return awakeMs + sleptMs;',
    replace: 'return awakeMs;',
    tests: ['test/activities/attempt/fence.test.ts'],
  },
  {
    name: 'two writers write to one volume',
    invariant: 'I11',
    file: 'src/guest/write-image.sh',
    find: 'flock -n 9 || exit 75\n',
    replace: '',
    tests: [GUEST, TWO],
  },
];

export const THRIFT: readonly Mutant[] = [
  {
    name: 'a region that throttles is asked as often as before',
    invariant: 'I12',
    file: 'src/aws/shared-poll.ts',
    find: 'pauseMs = Math.min(pauseMs * 2, Math.max(INTERVAL_MS_MAX, times.intervalMs));',
    replace: 'pauseMs = times.intervalMs;',
    tests: ['test/aws/shared-poll.test.ts', GIVEN_UP],
  },
  {
    name: 'the utility instance has no dead-man timer',
    invariant: 'I12',
    file: 'src/guest/dead-man-timer.sh',
    find: 'shutdown -P "+$1"',
    replace: 'true',
    tests: [GIVEN_UP],
  },
  {
    name: 'a reboot forgets the dead-man timer',
    invariant: 'I12',
    file: 'src/guest/dead-man-timer.sh',
    find: 'chmod 755 ',
    replace: 'true ',
    tests: [GIVEN_UP],
  },
  {
    name: 'an instance that shuts down is only stopped',
    invariant: 'I12',
    file: 'src/activities/instance-input.ts',
    find: "    InstanceInitiatedShutdownBehavior: 'terminate',",
    replace: "    InstanceInitiatedShutdownBehavior: 'stop',",
    tests: [GIVEN_UP],
  },
];
