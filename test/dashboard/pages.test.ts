import assert from 'node:assert/strict';
import type { Overview } from '../../src/model/status/overview.js';
import type { TestDashboard, TestDashboardOptions } from './overviews.js';
import {
  REGIONS,
  someCompose,
  someImage,
  someRecords,
  testDashboard,
  waitingForApproval,
  withSickRegion,
} from './overviews.js';

const HOST = { host: '127.0.0.1:8300' };
const HOSTILE = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>\u202Egnp\u0007 `;

async function withDashboard<T>(
  options: TestDashboardOptions,
  body: (
    dashboard: TestDashboard,
    get: (path: string, headers?: Record<string, string>) => Promise<string>,
  ) => Promise<T>,
): Promise<T> {
  const dashboard = testDashboard(options);
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await dashboard.app.request(path, { headers: { ...HOST, ...headers } });
    assert.equal(response.status, 200, `${path}: ${response.status}`);
    return response.text();
  };
  try {
    return await body(dashboard, get);
  } finally {
    await dashboard.close();
  }
}

/** Three composes of two images in all regions. */
function busyComposes(): Overview[] {
  return ['44', '43', '42'].map((release) => {
    const compose = `Fedora-Cloud-${release}-20261122.0`;
    const images = (['x86_64', 'aarch64'] as const).map((arch) =>
      withSickRegion(
        someImage({
          ...{ compose, arch, release, outcome: 'running' },
          image: `Fedora-Cloud-Base-AmazonEC2-${release}-20261122.0.${arch}`,
        }),
      ),
    );
    return someCompose({ compose, release, outcome: 'running', images });
  });
}

describe('the dashboard for a release engineer in a hurry', () => {
  it('shows a failed region with its reason and its next act before everything else', async () => {
    const sick = withSickRegion(someImage({ outcome: 'running' }));
    const well = someCompose({ compose: 'Fedora-Cloud-43-20261121.0' });
    const overviews = [well, someCompose({ outcome: 'running', images: [sick] })];
    await withDashboard({ overviews }, async (_, get) => {
      const page = await get('/');
      const at = (text: string) => {
        const index = page.indexOf(text);
        assert(index > 0, text);
        return index;
      };
      assert(at('Needs attention') < at('>Running <'), 'the order of the parts');
      assert(at('>Running <') < at('>Newest <'), 'what runs comes after the newest');
      assert(at('the quota of public AMIs is used up') < at('>Running <'), 'the reason');
      at(`fedimg retry ${sick.id} --region ap-east-1`);
      at(`href="${sick.link ?? ''}"`);
      assert(!page.includes('action="/acts"'), 'a visitor who may not act has no button');
    });
  });

  it('shows the failed regions of an image first, and all AMIs to copy', async () => {
    const sick = withSickRegion(someImage({ outcome: 'running' }));
    await withDashboard(
      { overviews: [someCompose({ outcome: 'running', images: [sick] })] },
      async (_, get) => {
        const page = await get(`/${sick.workflowId}`);
        const rows = [...page.matchAll(/<tr id="region-([a-z0-9-]+)"/g)].map(
          ([, region]) => region,
        );
        assert.equal(rows[0], 'ap-east-1');
        assert.equal(rows.length, REGIONS.length);
        for (const { ami } of sick.regions.flatMap(({ variants }) => variants)) {
          if (ami !== null) assert(page.includes(`data-copy="${ami}"`), ami);
        }
      },
    );
  });

  it('narrows the lists to a release or an architecture, but not what needs attention', async () => {
    await withDashboard({ overviews: busyComposes() }, async (_, get) => {
      const page = await get('/?release=43&arch=aarch64');
      const list = page.slice(page.indexOf('>Running <'));
      assert(list.includes('Fedora-Cloud-Base-AmazonEC2-43-20261122.0.aarch64'), list);
      assert(!list.includes('Fedora-Cloud-44-20261122.0'), list);
      assert(!list.includes('.x86_64'), list);
      assert.match(page.split('>Running <')[0] ?? '', /Fedora-Cloud-Base-AmazonEC2-44/);
    });
  });

  it('gives the same data as JSON, by address and by Accept', async () => {
    const overviews = busyComposes();
    await withDashboard({ overviews }, async (_, get) => {
      const listed = JSON.parse(await get('/index.json')) as { publications: Overview[] };
      assert.deepEqual(
        listed.publications.map(({ id }) => id),
        overviews.map(({ id }) => id),
      );
      const [first] = overviews;
      assert(first?.kind === 'compose', 'the row is not a compose');
      const byAddress = await get(`/compose/${first.compose}.json`);
      assert.deepEqual(JSON.parse(byAddress), first);
      const image = first.images[0];
      const byAccept = await get(`/${image?.workflowId ?? ''}`, { accept: 'application/json' });
      assert.deepEqual(JSON.parse(byAccept), image);
    });
  });

  it('answers 404 with a way out for a compose that does not exist', async () => {
    await withDashboard({}, async ({ app }) => {
      const page = await app.request('/compose/Fedora-9', { headers: HOST });
      assert.equal(page.status, 404);
      assert.match(await page.text(), /All composes/);
      const json = await app.request('/compose/Fedora-9.json', { headers: HOST });
      assert.equal(json.status, 404);
      assert.equal(((await json.json()) as { next: string }).next, 'List all.');
      assert.equal((await app.request('/compose/%FF%', { headers: HOST })).status, 404);
    });
  });

  it('says that its data is old when Temporal does not answer', async () => {
    await withDashboard({ overviews: busyComposes() }, async (dashboard, get) => {
      await get('/');
      dashboard.setTrouble('connection refused');
      await dashboard.board.refresh();
      const page = await get('/');
      assert.match(page, /Temporal does not answer: connection refused/);
      assert.match(page, /This page shows the state of/);
      assert(page.includes('Fedora-Cloud-44-20261122.0'), 'what was known stays on the page');
    });
  });

  it('stays below 300 KiB and 150 ms with 3 composes x 2 images x all regions', async () => {
    await withDashboard({ overviews: busyComposes(), records: someRecords() }, async (_, get) => {
      const [first] = busyComposes();
      assert(first?.kind === 'compose', 'the row is not a compose');
      for (const path of [
        '/',
        `/compose/${first.compose}`,
        `/${first.images[0]?.workflowId ?? ''}`,
        '/amis',
      ]) {
        const size = Buffer.byteLength(await get(path));
        assert(size < 300 * 1024, `${path} has ${size} bytes`);
        const times: number[] = [];
        for (let index = 0; index < 40; index += 1) {
          const start = process.cpuUsage();
          // Not the page that was made for the visitor before.
          await get(`${path}?n=${index}`);
          // The time that this process needed: other work on the machine does not count.
          const { user, system } = process.cpuUsage(start);
          times.push((user + system) / 1_000);
        }
        const p95 = times.toSorted((a, b) => a - b)[37] ?? Infinity;
        assert(p95 < 150, `${path} takes ${p95} ms at the 95th percentile`);
      }
    });
  });
});

describe('a page that many people look at', () => {
  it('is made once for all who only read, and anew after a change', async () => {
    let made = 0;
    const image = someImage({ outcome: 'running' });
    // Only a page reads it: a comparison of two readings leaves it out.
    Object.defineProperty(image, 'arch', { enumerable: false, get: () => ((made += 1), 'x86_64') });
    const compose = someCompose({ outcome: 'running', images: [image] });
    await withDashboard({ overviews: [compose] }, async (dashboard, get) => {
      for (const path of ['/', `/${image.workflowId}`]) {
        const first = await get(path);
        const reads = made;
        assert(reads > 0, 'the page was not made');
        const pages = await Promise.all(Array.from({ length: 20 }, () => get(path)));
        assert.deepEqual([...new Set(pages)], [first]);
        assert.equal(made, reads, path);
        assert.notEqual(await get(path, { accept: 'application/json' }), first);
      }
      dashboard.show([{ ...compose, reason: 'it has changed' }]);
      await dashboard.board.refresh();
      const before = made;
      await get('/');
      assert(made > before, 'the page is the old one');
    });
  });

  it('is never given to another visitor when it has the forms of one who may act', async () => {
    const acts = { kind: 'header', header: 'x-remote-user' } as const;
    const overviews = [waitingForApproval(someImage({ outcome: 'running', isByHand: true }))];
    await withDashboard({ overviews, acts }, async (_, get) => {
      assert.match(
        await get('/', { 'x-remote-user': 'ann' }),
        /You act as <bdi>ann<.*name="csrf"/s,
      );
      assert.doesNotMatch(await get('/'), /You act as|csrf/);
      assert.match(await get('/', { 'x-remote-user': 'ben' }), /You act as <bdi>ben</);
    });
  });
});

describe('hostile texts on the dashboard', () => {
  it('stay text: names, reasons, outputs, links and operators', async () => {
    const long = `${HOSTILE}${'A'.repeat(10_000)}`;
    const image = {
      ...waitingForApproval(withSickRegion(someImage({ outcome: 'running' }))),
      ...{ image: HOSTILE, workflowId: `image/${HOSTILE}/x/y`, note: long, unsent: [long] },
      link: 'javascript:alert(1)',
      tests: [
        {
          variant: HOSTILE,
          ami: HOSTILE,
          instanceId: HOSTILE,
          exitStatus: 1,
          seconds: 1,
          output: long,
        },
      ],
      acts: [{ action: 'pause' as const, by: HOSTILE, reason: long, at: HOSTILE }],
    };
    const regions = image.regions.map((one) => ({ ...one, reason: long, next: HOSTILE }));
    const compose = someCompose({
      compose: HOSTILE,
      outcome: 'running',
      images: [{ ...image, regions }],
    });
    const records = someRecords().map((one) => ({ ...one, image: HOSTILE, label: HOSTILE }));
    await withDashboard({ overviews: [compose], records }, async (_, get) => {
      const paths = [
        '/',
        `/compose/${encodeURIComponent(HOSTILE)}`,
        `/image/${encodeURIComponent(HOSTILE)}/x/y`,
        '/amis',
        `/?release=${encodeURIComponent(HOSTILE)}`,
      ];
      for (const path of paths) {
        const page = await get(path);
        assert.equal(page.match(/<script/g)?.length, 1, `${path} has its own script only`);
        assert(!/<img|href="javascript:/i.test(page), path);
        assert(
          !/\u202e|\p{Cc}/u.test(page.replaceAll('\n', '')),
          `${path} shows control characters`,
        );
        // An attribute that begins with "on" only occurs within the text of a value.
        const tags = page.match(/<[a-z][^>]*>/g) ?? [];
        assert(!tags.some((tag) => /\son\w+=/.test(tag.replace(/"[^"]*"/g, '""'))), path);
      }
      const feed = await get('/feed.atom');
      assert(!/<script|<img/.test(feed), feed);
    });
  });
});

describe('the catalogue for people who only look for an AMI', () => {
  it('shows the newest image of each release, with snippets and launch links', async () => {
    await withDashboard({ records: someRecords() }, async (_, get) => {
      const page = await get('/amis?release=44&arch=x86_64&variant=hvm-gp2');
      assert.match(page, /data &quot;aws_ami&quot;/);
      assert.match(page, /aws ec2 describe-images/);
      assert.match(page, /amazon\.aws\.ec2_ami_info/);
      const links = page.match(
        /https:\/\/console\.aws\.amazon\.com\/ec2\/home\?region=[a-z0-9-]+#LaunchInstances:ami=ami-[0-9a-f]+/g,
      );
      assert.equal(links?.length, REGIONS.length);
      const rows = JSON.parse(await get('/amis.json?region=eu-west-1&release=43')) as {
        region: string;
        release: string;
      }[];
      const found = new Set(rows.map(({ region, release }) => `${region} ${release}`));
      assert.deepEqual([...found], ['eu-west-1 43']);
    });
  });

  it('has a feed with an entry for each published image and no other', async () => {
    const records = someRecords().map((one) =>
      one.release === '43' ? { ...one, public: false } : one,
    );
    await withDashboard({ records, publicUrl: new URL('https://amis.example') }, async (_, get) => {
      const feed = await get('/feed.atom');
      const ids = [
        ...feed.matchAll(/<entry>\s*<title>([^<]*)<\/title>\s*<id>(urn:uuid:[0-9a-f-]{36})</g),
      ];
      assert.equal(ids.length, 2);
      assert.equal(new Set(ids.map(([, , id]) => id)).size, 2);
      assert.match(feed, /href="https:\/\/amis\.example\/amis\?compose=/);
    });
  });
});
