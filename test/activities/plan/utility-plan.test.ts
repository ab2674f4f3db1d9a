import assert from 'node:assert/strict';
import { planUtility } from '../../../src/activities/plan/utility-plan.js';
import { eachWithConfigFolder, LEAST } from '../../config/config-files.js';

const GIB = 1024 ** 3;
const AMI = { ami: 'ami-1', rootDevice: '/dev/xvda', rootSizeGiB: 8 };

describe('the blank volume', () => {
  const folder = eachWithConfigFolder();

  for (const [rawSizeBytes, volumeSizeGiB] of [
    [512, 1],
    [GIB, 1],
    [GIB + 512, 2],
    [5 * GIB - 1, 5],
  ] as const) {
    it(`of an image of ${rawSizeBytes} bytes has ${volumeSizeGiB} GiB`, async () => {
      const config = await folder().load(LEAST);
      const plan = planUtility(config, AMI, {
        url: 'https://kojipkgs.example/a.raw.xz',
        rawSizeBytes,
        compressedSizeBytes: 100,
      });
      assert.equal(plan.volumeSizeGiB, volumeSizeGiB);
    });
  }
});
