/** The request quotas of the EBS direct APIs as token buckets. */

import type { Need } from '../faults/throttle.js';
import type { RequestContent } from '../http/protocols/protocol.js';

/** EBS user guide, "Quotas for Amazon EBS": requests a second per account in a region; a burst is not documented. */
const perAccount: Readonly<Record<string, number>> = {
  StartSnapshot: 10,
  CompleteSnapshot: 10,
  ListSnapshotBlocks: 50,
  ListChangedBlocks: 50,
  PutSnapshotBlock: 1000,
  GetSnapshotBlock: 1000,
};

/** The same page: requests a second per snapshot. */
const perSnapshot: Readonly<Record<string, number>> = {
  PutSnapshotBlock: 1000,
  GetSnapshotBlock: 1000,
};

export function ebsThrottles({ action, flat }: RequestContent): Need[] {
  const need = (name: string, rate: number | undefined): Need[] =>
    rate === undefined ? [] : [{ name, bucket: [rate, rate], tokens: 1 }];
  return [
    ...need(action, perAccount[action]),
    ...need(`${action} ${flat.get('SnapshotId') ?? ''}`, perSnapshot[action]),
  ];
}
