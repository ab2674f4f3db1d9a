/** Settings that change while the cloud runs. */

import assert from 'node:assert/strict';
import type { CloudSettings } from '../../src/simulator/settings.js';
import {
  changeSettings,
  closeTestClouds,
  control,
  newVolume,
  openTestCloud,
  refusal,
} from './cloud-fixture.js';

describe('simulator: settings', () => {
  afterEach(closeTestClouds);

  it('change at once, one by one, and what GET shows can be sent back', async () => {
    const cloud = await openTestCloud();
    await changeSettings(cloud, { volumesPerRegion: 0 });
    await refusal('VolumeLimitExceeded', newVolume(cloud.client()));
    await changeSettings(cloud, { throttling: true });
    const shown = await control<CloudSettings>(cloud, 'settings');
    assert.deepEqual(
      [shown.volumesPerRegion, shown.throttling, shown.publicImagesPerRegion],
      [0, true, null],
    );
    assert.equal((await changeSettings(cloud, shown)).status, 200);
    await changeSettings(cloud, { volumesPerRegion: null });
    assert.ok(await newVolume(cloud.client()), 'no newVolume(cloud.client())');
  });

  it('refuse unknown keys and wrong values with the reason, and stay unchanged', async () => {
    const cloud = await openTestCloud();
    const before = await control(cloud, 'settings');
    for (const [wrong, why] of [
      [{ throttling: true, colour: 'red' }, /colour/],
      [{ vcpusPerRegion: -1 }, /vcpusPerRegion/],
      [
        { regions: { '*': { imageBlockPublicAccess: 'block-all-sharing' } } },
        /imageBlockPublicAccess/,
      ],
      [{ accountId: '999999999999' }, /accountId/],
      ['x', /object/],
    ] as const) {
      const response = await changeSettings(cloud, wrong);
      assert.equal(response.status, 400);
      assert.match(((await response.json()) as { error: string }).error, why);
    }
    assert.deepEqual(await control(cloud, 'settings'), before);
  });

  it('outlive a restart', async () => {
    const cloud = await openTestCloud({ settings: { vcpusPerRegion: 8 } });
    await changeSettings(cloud, { tagLagMs: 5, vcpusPerRegion: null });
    await cloud.close();
    const again = await openTestCloud({
      stateDir: cloud.stateDir,
      settings: { vcpusPerRegion: 8 },
    });
    const shown = await control<CloudSettings>(again, 'settings');
    assert.deepEqual([shown.tagLagMs, shown.vcpusPerRegion], [5, null]);
  });
});
