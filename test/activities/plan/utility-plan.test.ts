import assert from 'node:assert/strict';
import { planUtility } from '../../../src/activities/plan/utility-plan.js';
import { eachWithConfigFolder, LEAST } from '../../config/config-files.js';

const GIB = 1024 ** 3;
const AMI = { ami: 'ami-1', rootDevice: '/dev/xvda', rootSizeGiB: 8 };
const URL = 'https://kojipkgs.example/a.raw.xz';

describe('the blank volume', () => {
  const folder = eachWithConfigFolder();

  it('has the size of the image, rounded up to whole GiB', async () => {
    const config = await folder().load(LEAST);
    const sizeOf = (rawSizeBytes: number): number =>
      planUtility(config, AMI, { url: URL, rawSizeBytes, compressedSizeBytes: 1 }).volumeSizeGiB;
    assert.deepEqual([512, GIB, GIB + 512, 5 * GIB - 1].map(sizeOf), [1, 1, 2, 5]);
  });
});
