import assert from 'node:assert/strict';
import { withPublisher } from '../support/local-publisher.js';
import { oneImage } from '../support/one-image.js';

/**
 * All calls about a region that only gets copies, when no state takes time: its one AMI, one copy, and each fact once.
 * The comments say who asks. Waits that take time add their looks: test/aws/look-times.test.ts bounds those.
 */
const CALLS = {
  // The plan.
  GetImageBlockPublicAccessState: 1,
  GetSnapshotBlockPublicAccessState: 1,
  GetEbsEncryptionByDefault: 1,
  GetServiceQuota: 1,
  // The copy.
  CopySnapshot: 1,
  RegisterImage: 1,
  // The publication.
  ModifySnapshotAttribute: 1,
  ModifyImageAttribute: 1,
  DescribeSnapshotAttribute: 1,
  CreateTags: 1,
  // The plan: names, public AMIs. The wait. Before and after they become public. The last look.
  DescribeImages: 6,
  // An earlier attempt's copy. The wait. Before it becomes public. The last look.
  DescribeSnapshots: 4,
};

describe('the calls of a run', () => {
  it('ask a region that only gets copies for each fact once: an image made 857 DescribeSnapshots', async () => {
    // A region without a PV kernel: its only AMI is HVM.
    const publish = ['regions = ["us-east-1", "ca-central-1"]', 'volume_types = ["gp3"]'];
    await withPublisher({ publish }, async (publisher) => {
      const { request } = await oneImage(publisher);
      const { outcome } = await (await publisher.publish(request)).result();
      assert.equal(outcome, 'published');
      const calls = (await publisher.calls()).filter(({ region }) => region === 'ca-central-1');
      const counts = Object.fromEntries(calls.map(({ action, count }) => [action, count]));
      assert.deepEqual(counts, CALLS);
    });
  });
});
