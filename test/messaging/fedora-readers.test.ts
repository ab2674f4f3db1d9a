/** The judges of fedimg's messages are the programs that read them: wikitcms, fedmsg_meta and fedora-messaging. */

import assert from 'node:assert/strict';
import { ARCHES } from '../../src/model/compose/compose.js';
import type { Arch } from '../../src/model/compose/compose.js';
import { publishedAs } from '../../src/model/plan/published-as.js';
import type { ImagePlan, RegisteredAmi } from '../../src/model/plan/plan.js';
import type { Announcement } from '../../src/model/progress/announcement.js';
import {
  copyAnnouncements,
  publishAnnouncements,
  publishedEverywhere,
  testAnnouncement,
  uploadAnnouncements,
} from '../../src/model/progress/announcement.js';
import {
  leftOutAnnouncement,
  plannedRun,
  RUN_EVENTS,
  runAnnouncement,
  unplannedRun,
} from '../../src/model/progress/run-announcement.js';
import type { RegionProgress } from '../../src/model/progress/progress.js';
import { registered } from '../support/fake-activities.js';
import type { Readings, ValidationEvent } from '../support/fedora-readers.js';
import { readByFedora } from '../support/fedora-readers.js';
import { somePlan, someRequest } from '../support/images.js';

/** The events for which Fedora QA makes an AMI page, and the label of each compose. */
const EVENTS: readonly (ValidationEvent & { readonly label?: string })[] = [
  {
    ...{ release: '43', milestone: 'Beta', compose: '1.3' },
    ...{ cid: 'Fedora-43-20250915.0', label: 'Beta-1.3' },
  },
  {
    ...{ release: '43', milestone: 'RC', compose: '1.6' },
    ...{ cid: 'Fedora-43-20251021.0', label: 'RC-1.6' },
  },
  {
    ...{ release: '44', milestone: 'Branched', compose: '20260210.n.0' },
    cid: 'Fedora-44-20260210.n.0',
  },
  {
    ...{ release: '45', milestone: 'Rawhide', compose: '20260210.n.1' },
    cid: 'Fedora-Rawhide-20260210.n.1',
  },
];

let amiCount = 0;

/** Ids as EC2 has them, each another one. */
function amisOf(plan: ImagePlan): RegisteredAmi[] {
  return [plan.home, ...plan.copies].flatMap((region) =>
    registered(region, 'snap-0123456789abcdef0').map((one) => {
      amiCount += 1;
      return { ...one, ami: `ami-${amiCount.toString(16).padStart(17, '0')}` };
    }),
  );
}

function planOf(arch: Arch, cid: string, label?: string): ImagePlan {
  const request = { ...someRequest({ arch }), composeId: cid };
  const image = { composeId: cid, label, arch, subvariant: 'Cloud_Base' };
  const named = publishedAs(image, 45);
  assert(named, 'no named');
  return { ...somePlan(request, { workflowId: 'w', runId: 'r' }), publishedAs: named };
}

const plan = planOf('aarch64', 'Fedora-43-20251021.0', 'RC-1.6');
const amis = amisOf(plan);
const home = amis.filter(({ regionName }) => regionName === plan.homeRegion);
const [tested] = home;
assert(tested, 'no tested');
const run = plannedRun(plan);
const LEFT_OUT: RegionProgress = {
  ...{ region: 'eu-west-1', state: 'failed', reason: 'the quota of public AMIs is reached' },
  ...{ next: 'Ask for a higher quota.', amis: amis.slice(4, 5) },
};
const REGIONS: readonly RegionProgress[] = [
  { region: plan.homeRegion, state: 'published', amis: home },
  LEFT_OUT,
];

const failures: readonly Announcement[] = [
  ...uploadAnnouncements(plan, 'failed').slice(0, 1),
  testAnnouncement(plan, tested, 'failed', { output: 'no route to host' }),
  leftOutAnnouncement(run, LEFT_OUT),
  runAnnouncement(run, 'failed', { regions: REGIONS, reason: 'the test failed' }),
  runAnnouncement(run, 'cancelled', { regions: REGIONS, reason: 'cancelled' }),
  runAnnouncement(unplannedRun({ workflowId: 'w', runId: 'r' }, someRequest()), 'failed', {
    ...{ regions: [], reason: 'the image server has no such file' },
  }),
];
const successes: readonly Announcement[] = [
  ...uploadAnnouncements(plan, 'completed', home),
  testAnnouncement(plan, tested, 'completed'),
  ...copyAnnouncements(plan, amis, home),
  ...publishAnnouncements(plan, amis),
  ...RUN_EVENTS.map((event) => runAnnouncement(run, event, { regions: REGIONS })),
];

describe("Fedora's readers of messages", function () {
  this.timeout(600_000);
  const byEvent = EVENTS.map(({ cid, label }) =>
    ARCHES.map((arch) => {
      const one = planOf(arch, cid, label);
      const made = amisOf(one);
      return { arch, made, sent: publishedEverywhere(one, made) };
    }),
  );
  const published = byEvent.flat().flatMap(({ sent }) => sent);
  const sent = [...failures, ...successes, ...published];
  let read: Readings;
  before(async () => {
    read = await readByFedora(sent, EVENTS);
  });

  for (const [index, { milestone }] of EVENTS.entries()) {
    it(`find the AMIs of both architectures on the page of the milestone ${milestone}: wikitcms leaves a table out that it finds no message for`, () => {
      const page = read.pages[index] ?? '';
      const tables = page.split(/^== (\w+) AMIs ==$/m);
      assert.deepEqual([tables[1], tables[3]], ['x86_64', 'aarch64'], page);
      for (const { arch, made } of byEvent[index] ?? []) {
        const table = tables[tables.indexOf(arch) + 1] ?? '';
        for (const { ami, variant, regionName } of made) {
          const isListed = variant.virt === 'hvm' && variant.volumeType === 'gp2';
          assert.equal(table.includes(`| ${regionName}\n| ${ami}\n`), isListed, ami);
        }
      }
    });
  }

  it('read no failure as a publication or a copy: fedmsg_meta reads every message on those topics as one', () => {
    const lines = read.subtitles.slice(0, failures.length);
    assert.deepEqual(
      lines.filter((line) => /published|copied/.test(line ?? '')),
      [],
    );
    assert.match(lines.join('\n'), /failed to upload to us-east-1/);
    assert.match(lines.join('\n'), /failed testing on us-east-1/);
  });

  it('read each publication and copy with its AMI', () => {
    for (const [index, { topic, body }] of sent.entries()) {
      if (topic !== 'image.publish' && topic !== 'image.copy') continue;
      const { id } = body['extra'] as { id: string };
      const what = topic === 'image.publish' ? 'published in region,' : 'copied to';
      assert.match(
        read.subtitles[index] ?? '',
        new RegExp(`${what} ${String(body['destination'])} .*\\(.*${id}, `),
      );
    }
  });

  it('accept every body with schema validation on: a broken one is lost in silence', () => {
    for (const [index, { topic }] of sent.entries()) {
      const { valid, problem } = read.readings[index] ?? {};
      assert.deepEqual([topic, valid, problem], [topic, true, undefined]);
    }
  });

  it('get a summary and a URL for each message about a run or a region', () => {
    const readings = sent.flatMap(({ topic }, index) =>
      /^(?:run|region)\./.test(topic) ? [read.readings[index]] : [],
    );
    const image = `${plan.origin.image} (aarch64)`;
    const summaries = readings.map((one) => one?.summary);
    assert.deepEqual(
      summaries.filter((summary) => summary?.includes(plan.origin.image)),
      [
        `fedimg left out eu-west-1 for ${image}: the quota of public AMIs is reached`,
        `fedimg published ${image} in 1 of 2 regions, then failed: the test failed`,
        `fedimg published ${image} in 1 of 2 regions, then was cancelled`,
        `fedimg began to publish ${image} in 2 regions`,
        `fedimg published ${image} in 1 of 2 regions`,
        `fedimg published ${image} in 1 of 2 regions`,
        `fedimg published ${image} in 1 of 2 regions, then failed: unknown`,
        `fedimg published ${image} in 1 of 2 regions, then was cancelled`,
      ],
    );
    assert.match(summaries[3] ?? '', /^fedimg did not publish .*: the image server has no such/);
    for (const one of readings) {
      assert(['RunV1', 'RegionV1'].includes(one?.class ?? ''), ['RunV1', 'RegionV1'].join('\n'));
      assert.match(one?.url ?? '', /^https:\/\/kojipkgs\.example\/.*\.raw\.xz$/);
      assert.match(one?.text ?? '', /Compose: Fedora-/);
    }
  });
});
