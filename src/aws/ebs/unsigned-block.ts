/** What the signature of a PutSnapshotBlock call covers: its headers, and not its data. */

import type { Pluggable } from '@smithy/types';
import { callName } from '../call-name.js';

interface HttpRequest {
  readonly headers: Record<string, string>;
}

/**
 * EBS direct APIs reference, PutSnapshotBlock: "The block data is not signed as part of the Signature Version 4 signing
 * process"; its checksum is signed, and EBS compares the data with it. The SDK would hash each block once more.
 */
export function unsignedBlockPlugin<I extends object, O extends object>(): Pluggable<I, O> {
  return {
    applyToStack: (stack) => {
      stack.add(
        (next, context) => (args) => {
          if (callName(context).action === 'PutSnapshotBlock') {
            const { headers } = args.request as HttpRequest;
            headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
          }
          return next(args);
        },
        { step: 'build', name: 'unsignedBlock', override: true },
      );
    },
  };
}
