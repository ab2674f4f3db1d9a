/** A run leaves what it made, or makes it twice. */

import type { Mutant } from '../mutant.js';
import { LATE, REPEATABLE, TWO, WHOLE, WORKFLOW, WRITE_STEP } from './test-files.js';

export const LEAKS: readonly Mutant[] = [
  {
    name: 'the undo of the utility instance is registered only after the launch',
    invariant: 'I1',
    file: 'src/workflows/publish-image.ts',
    find: "    undo.register(regionName, 'utility');\n",
    replace: '',
    tests: [WRITE_STEP, WHOLE],
  },
  {
    name: 'a cancelled run is not undone',
    invariant: 'I1',
    file: 'src/workflows/publish/undo-stack.ts',
    find: 'return CancellationScope.nonCancellable(() => this.#undo(regionName, [...steps].reverse()));',
    replace: 'return this.#undo(regionName, [...steps].reverse());',
    tests: [WORKFLOW],
  },
  {
    name: 'the undo forgets snapshots',
    invariant: 'I1',
    file: 'src/activities/undo.ts',
    find: 'for (const { SnapshotId } of snapshots ?? []) {',
    replace: 'for (const { SnapshotId } of [] as { SnapshotId?: string }[]) {',
    tests: [REPEATABLE],
  },
  {
    name: 'a snapshot that failed after its maker was killed is left behind',
    invariant: 'I1',
    file: 'src/aws/snapshots.ts',
    find: "      if (State === 'error') await deleteUnused(",
    replace: "      if (State === 'pending') await deleteUnused(",
    tests: [REPEATABLE],
  },
  {
    name: 'a volume that its deletion does not find is taken for deleted',
    invariant: 'I1',
    file: 'src/aws/volumes.ts',
    find: 'if (isGone) return;',
    replace: 'return;',
    tests: [LATE],
  },
  {
    name: 'the undo ends when AWS refuses the credentials',
    invariant: 'I1',
    file: 'src/aws/error-codes.ts',
    find: "const CREDENTIALS: ReadonlySet<string> = new Set([\n  'AuthFailure',\n",
    replace: 'const CREDENTIALS: ReadonlySet<string> = new Set([\n',
    tests: ['test/incidents/refused-credentials.test.ts'],
  },
  {
    name: 'a region that the undo could not look at counts as removed',
    invariant: 'I6',
    file: 'src/workflows/publish/image-run.ts',
    find: 'const isGone = undone.left.length === 0 && !isUnseen;',
    replace: 'const isGone = !isUnseen;',
    tests: ['test/workflows/cancel.test.ts'],
  },
  {
    name: 'the file with the credentials is read once in the life of a worker',
    invariant: 'I9',
    file: 'src/aws/credentials.ts',
    find: ', ignoreCache: true',
    replace: '',
    tests: ['test/aws/credentials.test.ts'],
  },
  {
    name: 'one look is proof enough that nothing is left',
    invariant: 'I1',
    file: 'src/activities/undo.ts',
    find: 'await repeatRounds(ec2, run, { signal, isOver });',
    replace: 'await run();\n    void isOver;',
    tests: [LATE],
  },
];

export const DUPLICATES: readonly Mutant[] = [
  {
    name: 'a snapshot of an earlier attempt is not looked for',
    invariant: 'I2',
    file: 'src/aws/snapshots.ts',
    find: "    const usable = found.filter(({ State }) => State !== 'error');",
    replace: "    const usable = found.filter(({ State }) => State === 'error');",
    tests: [REPEATABLE],
  },
  {
    name: 'each launch has a client token of its own',
    invariant: 'I2',
    file: 'src/aws/instances.ts',
    find: 'ClientToken: request.token(placement),',
    replace: 'ClientToken: `${request.token(placement).slice(0, 40)}${Date.now()}`,',
    tests: [LATE, TWO],
  },
  {
    name: 'the SDK repeats a copy whose answer was lost',
    invariant: 'I2',
    file: 'src/aws/snapshots.ts',
    find: 'const { SnapshotId } = await ec2.ec2Once.send(\n      new CopySnapshotCommand({',
    replace: 'const { SnapshotId } = await ec2.ec2.send(\n      new CopySnapshotCommand({',
    tests: [REPEATABLE],
  },
  {
    name: 'an attempt does not wait until the copy of its predecessor is listed',
    invariant: 'I2',
    file: 'src/aws/snapshots.ts',
    find: 'return untilVisible(ec2, look, { signal, mayExist });',
    replace: 'void mayExist;\n  return untilVisible(ec2, look, { signal, mayExist: false });',
    tests: [LATE],
  },
];
