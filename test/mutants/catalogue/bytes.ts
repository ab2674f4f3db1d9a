/** A snapshot holds other bytes than those of the image. */

import type { Mutant } from '../mutant.js';
import { DIRECT, GUEST, WRITE_STEP } from './test-files.js';

export const DIRECT_WRITES: readonly Mutant[] = [
  {
    name: 'the undo of the snapshot that the worker writes is not registered',
    invariant: 'I1',
    file: 'src/workflows/publish/write-directly.ts',
    find: "    undo.register(regionName, 'snapshot');\n",
    replace: '',
    tests: [WRITE_STEP],
  },
  {
    name: 'each attempt starts a snapshot of its own',
    invariant: 'I2',
    file: 'src/activities/write-direct/write-direct.ts',
    find: "token: clientToken(workflowId, runId, 'snapshot', generation),",
    replace: "token: clientToken(workflowId, runId, 'snapshot', generation, Date.now()),",
    tests: [DIRECT],
  },
  {
    name: 'a block counts as written when those behind it are',
    invariant: 'I4',
    file: 'src/aws/ebs/put-blocks.ts',
    find: 'return first ?? this.#end;',
    replace: 'return first === undefined ? this.#end : this.#end;',
    tests: ['test/aws/put-blocks.test.ts'],
  },
  {
    name: 'a snapshot that reads back otherwise is taken',
    invariant: 'I4',
    file: 'src/activities/write-direct/read-back.ts',
    find: 'if (got === rawSha256) return undefined;',
    replace: 'if (got !== "") return undefined;',
    tests: [DIRECT],
  },
  {
    name: 'an image with another checksum is written by the worker',
    invariant: 'I4',
    file: 'src/activities/write-direct/unpack-image.ts',
    find: 'if (wanted !== undefined && wanted !== sha256) {',
    replace: 'if (wanted !== undefined && wanted !== sha256 && wanted === "") {',
    tests: [DIRECT],
  },
];

export const BYTES: readonly Mutant[] = [
  {
    name: 'the checksum of the download is not compared',
    invariant: 'I4',
    file: 'src/guest/write-image.sh',
    find: '[ "$sha256" = - ] || [ "$got_sha256" = "$sha256" ] ||',
    replace: 'true ||',
    tests: ['test/incidents/unusable-images.test.ts'],
  },
  {
    name: "the decompressor's exit status is lost in the pipe",
    invariant: 'I4',
    file: 'src/guest/write-image.sh',
    find: '[ "${codes[0]}" -eq 0 ] ||',
    replace: 'true ||',
    tests: [GUEST],
  },
  {
    name: 'what was written is not read back',
    invariant: 'I4',
    file: 'src/guest/write-image.sh',
    find: '  [ "$got" = "$raw_sha256" ] ||',
    replace: '  true ||',
    tests: [GUEST],
  },
  {
    name: 'a volume that was lost is written on where the first writer stopped',
    invariant: 'I4',
    file: 'src/workflows/publish-image.ts',
    find: 'return await act(generation);',
    replace: 'return await act(0);',
    tests: [WRITE_STEP],
  },
];
