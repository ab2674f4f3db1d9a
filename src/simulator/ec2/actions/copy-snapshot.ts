/** CopySnapshot: a snapshot of one region as a snapshot of another, or of the same. */

import { checkCompletionDuration, copySource, copySnapshot } from '../lib/snapshot-copy.js';
import { invalidValue } from '../../errors.js';
import { flag, ignored, integer, required, text } from '../../input.js';
import type { ActionTable } from '../lib/action.js';
import { action } from '../lib/action.js';
import { readTagSpecifications, tagSet, tagSpecificationInput } from '../lib/tag-input.js';

export const copySnapshotActions: ActionTable = {
  CopySnapshot: action(
    {
      Description: text,
      DestinationOutpostArn: ignored,
      DestinationRegion: text,
      Encrypted: flag,
      KmsKeyId: text,
      PresignedUrl: ignored,
      SourceRegion: required(text),
      SourceSnapshotId: required(text),
      TagSpecification: tagSpecificationInput,
      CompletionDurationMinutes: integer,
      DestinationAvailabilityZone: ignored,
    },
    (call, input) => {
      if (input.DestinationRegion !== undefined && input.DestinationRegion !== call.region) {
        throw invalidValue(
          `Value (${input.DestinationRegion}) for parameter destinationRegion is invalid. It must be the region that the request is sent to.`,
        );
      }
      checkCompletionDuration(input.CompletionDurationMinutes);
      const tags = readTagSpecifications(input.TagSpecification, ['snapshot']).get('snapshot');
      const source = copySource(call, input.SourceRegion, input.SourceSnapshotId);
      const snapshot = copySnapshot(call, source, {
        description: input.Description ?? '',
        encrypted: input.Encrypted,
        tags: tags ?? {},
      });
      return { snapshotId: snapshot.id, tagSet: tagSet(snapshot.tags) };
    },
  ),
};
