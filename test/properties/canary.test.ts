import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { withActivities } from '../support/activity-level.js';
import { goodImage } from './corruption.js';
import { withInstance } from '../support/images.js';

const run = promisify(execFile);
const REGION = 'us-east-1';

describe('a URL', () => {
  it('with $(...) and quotes in its path runs no command on the utility instance', async () => {
    await withActivities({ publish: [`regions = ["${REGION}"]`] }, async (level) => {
      const image = goodImage();
      const canary = `canary-${randomUUID()}`;
      // All of this is legal in a URL; only braces, blanks, backquotes and double quotes are not.
      const command = `touch$IFS$9${canary}`;
      const path = `/$(${command})/';${command};'/&${command}&/a.raw.xz`;
      level.server.setFault(path, { body: image.compressed });
      const request = {
        ...level.request,
        image: {
          ...level.request.image,
          url: `${level.server.url}${path}`,
          sha256: image.sha256,
          sizeBytes: image.compressed.length,
        },
      };
      const ids = { workflowId: 'image/canary', runId: 'canary' };
      const planned = await level.activities.planImage({ request, ...ids });
      const { origin, utility, ...plan } = withInstance(planned);
      assert.equal(new URL(plan.downloadUrl).pathname, path, 'it reaches the instance as it is');
      const launch = { origin, regionName: REGION, utility, generation: 0 };
      const written = await level.activities.writeImage({
        origin,
        utility: await level.activities.launchUtilityInstance(launch),
        url: plan.downloadUrl,
        sha256: plan.sha256,
        rawSizeBytes: plan.rawSizeBytes,
        compressedSizeBytes: plan.compressedSizeBytes,
        minRateBytesPerSecond: 0,
      });
      assert.equal(written.rawSha256, image.rawSha256);
      // The instance's folders are below the state of the local cloud, and that is here.
      const { stdout } = await run('find', [tmpdir(), process.cwd(), '-name', `${canary}*`], {
        maxBuffer: 1024 * 1024,
      }).catch((error: unknown) => error as { stdout: string });
      assert.equal(stdout, '');
    });
  });
});
