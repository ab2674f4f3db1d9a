/** Copies that begin with the test, and the download that they wait for. */

import type { Mutant } from '../mutant.js';
import { EARLY, GUEST } from './test-files.js';

export const OVERLAP: readonly Mutant[] = [
  {
    name: 'the undo of an early copy is not registered before it begins',
    invariant: 'I1',
    file: 'src/workflows/publish/early-copies.ts',
    find: "  undo.register(regionName, 'copy');\n",
    replace: '',
    tests: [EARLY, 'test/incidents/early-copies.test.ts'],
  },
  {
    name: 'the copy step does not know that a copy began with the test',
    invariant: 'I2',
    file: 'src/workflows/publish/early-copies.ts',
    find: '    await copy.ended;\n    return true;\n',
    replace: '    await copy.ended;\n    return false;\n',
    tests: [EARLY],
  },
  {
    name: 'the undo of a skipped region does not wait until its early copy has stopped',
    invariant: 'I17',
    file: 'src/workflows/publish/leave-out.ts',
    find: '  await early.stop(before.region);\n',
    replace: '',
    tests: [EARLY],
  },
  {
    name: 'copies begin before the test though the configuration wants them after it',
    invariant: 'I9',
    file: 'src/workflows/publish/early-copies.ts',
    find: "    if (copyStart !== 'with-test') return;\n",
    replace: '',
    tests: [EARLY],
  },
  {
    name: 'a part of a download is taken from a server that sends the whole file',
    invariant: 'I4',
    file: 'src/guest/write-image.sh',
    find: '    63:2* | 0:200) [ -z "$first" ] || exit "$NO_RANGES" ;;&\n',
    replace: '',
    tests: ['test/guest/write-large-image.test.ts'],
    grep: 'forgets its ranges',
  },
  {
    name: 'what is wrong with the volume behind the image is found and not reported',
    invariant: 'I4',
    file: 'src/guest/write-image.sh',
    find: '  [ -z "$wrong" ] || fail',
    replace: '  true || fail',
    tests: [GUEST],
  },
];
