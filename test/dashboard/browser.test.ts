import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import type { Dashboard } from '../../src/dashboard/server/serve.js';
import { startDashboard } from '../../src/dashboard/server/serve.js';
import { recordsFromHistories } from '../../src/client/amis.js';
import { connectToTemporal } from '../../src/client/connection.js';
import { siteFiles } from '../../src/dashboard/site/site-pages.js';
import { writeSite } from '../../src/dashboard/site/write-site.js';
import { DEPLOYMENT, TIME_SCALE } from '../support/publisher-config.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import { testTemporal } from '../support/temporal.js';
import type { TestDashboard, TestDashboardOptions } from './overviews.js';
import {
  someCompose,
  someImage,
  someRecords,
  testDashboard,
  waitingForApproval,
  withSickRegion,
} from './overviews.js';

const CHROMIUM = process.env['FEDIMG_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const TOKEN = 'a-long-token-of-the-tests';
const HOSTILE = `<script>document.title='owned'</script>"><img src=x onerror="document.title='owned'">\u202E`;

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Violations of level serious or critical. */
async function seriousViolations(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: AXE });
  const run = 'axe.run().then(({ violations }) => violations)';
  const found = await page.evaluate<Violation[]>(run);
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}: ${nodes[0]?.failureSummary ?? ''}`);
}

async function served<T>(
  options: TestDashboardOptions,
  body: (url: string, dashboard: TestDashboard) => Promise<T>,
): Promise<T> {
  const dashboard = testDashboard(options);
  const server = createAdaptorServer({ fetch: dashboard.app.fetch, hostname: '127.0.0.1' });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, dashboard);
  } finally {
    await dashboard.close();
    server.close();
  }
}

async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.fill('#by', 'ann@desk');
  await page.fill('#token', TOKEN);
  await page.click('main button');
  await page.waitForSelector('text=You act as ann@desk');
}

/** Opens the form of an act and sends it, as a person does. */
async function act(page: Page, summary: string, reason: string): Promise<void> {
  await page.click(`summary:has-text("${summary}")`);
  const form = page.locator('details.act[open] form');
  await form.locator('input[name=reason]').fill(reason);
  await form.locator('button').click();
  await page.waitForSelector('.notice.good');
}

describe('the dashboard in a browser', () => {
  let browser: Browser;
  before(async function () {
    this.timeout(60_000);
    assert(
      existsSync(CHROMIUM),
      `install chromium (apt-get install chromium): ${CHROMIUM} is missing`,
    );
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  after(() => browser?.close());

  const inContext = async <T>(
    options: Parameters<Browser['newContext']>[0],
    body: (page: Page, context: BrowserContext) => Promise<T>,
  ): Promise<T> => {
    const context = await browser.newContext(options);
    try {
      return await body(await context.newPage(), context);
    } finally {
      await context.close();
    }
  };

  const sick = withSickRegion(someImage({ outcome: 'running' }));
  const approval = waitingForApproval(someImage({ outcome: 'running', arch: 'aarch64' }));
  const overviews = [someCompose({ outcome: 'running', images: [sick, approval] })];
  const acts = { kind: 'token', token: TOKEN } as const;
  const paths = [
    '/',
    `/compose/${sick.compose ?? ''}`,
    `/${sick.workflowId}`,
    '/amis',
    '/sign-in',
    '/nowhere',
  ];

  for (const [width, colorScheme] of [
    [1280, 'light'],
    [390, 'dark'],
  ] as const) {
    it(`has no serious barrier and no sideways scrolling at ${width} pixels, ${colorScheme}`, async () => {
      await served({ overviews, records: someRecords(), acts }, async (url) => {
        const options = { viewport: { width, height: 900 }, colorScheme, bypassCSP: true };
        await inContext(options, async (page) => {
          await signIn(page, url);
          for (const path of paths) {
            await page.goto(`${url}${path}`);
            const overflow = await page.evaluate(
              'document.documentElement.scrollWidth - innerWidth',
            );
            assert.equal(overflow, 0, `${path} is wider than the screen`);
            // The forms of the acts are part of the page, too.
            await page.evaluate(
              'document.querySelectorAll("details").forEach((one) => { one.open = true })',
            );
            assert.deepEqual(await seriousViolations(page), [], path);
          }
        });
      });
    });
  }

  it('runs no script from names, reasons and outputs, and breaks no rule of its own policy', async () => {
    const image = {
      ...sick,
      image: HOSTILE,
      note: HOSTILE,
      tests: sick.tests.map((one) => ({ ...one, output: HOSTILE })),
    };
    const hostile = [
      someCompose({
        outcome: 'running',
        images: [{ ...image, regions: image.regions.map((one) => ({ ...one, reason: HOSTILE })) }],
      }),
    ];
    const records = someRecords().map((one) => ({ ...one, image: HOSTILE }));
    await served({ overviews: hostile, records, acts }, async (url, dashboard) => {
      await inContext({}, async (page) => {
        await signIn(page, url);
        const troubles: string[] = [];
        page.on(
          'console',
          (message) => message.type() === 'error' && troubles.push(message.text()),
        );
        for (const path of paths.filter((one) => one !== '/nowhere')) {
          await page.goto(`${url}${path}`);
          assert.match(await page.title(), /fedimg$/);
          assert.equal(await page.locator('main img, main script').count(), 0, path);
        }
        await page.goto(`${url}/`);
        await page.waitForSelector('#live.good');
        // The update of a live page must not run them either.
        dashboard.show([...hostile, someCompose({ compose: `Fedora-Cloud-45-20261201.0` })]);
        await page.waitForSelector('text=Fedora-Cloud-45-20261201.0');
        assert.match(await page.title(), /fedimg$/);
        assert.deepEqual(troubles, []);
      });
      assert.deepEqual(dashboard.reports.kept, []);
    });
  });

  it('shows a change of a region within 2 seconds, and keeps what the visitor has opened and typed', async () => {
    await served({ overviews, acts }, async (url, dashboard) => {
      await inContext({}, async (page) => {
        await signIn(page, url);
        await page.goto(`${url}/${sick.workflowId}`);
        await page.waitForSelector('#live.good');
        await page.click('summary:has-text("Skip ap-east-1")');
        const reason = page.locator('details.act[open] input[name=reason]');
        await reason.fill('half a senten');
        const changed = sick.regions.map((one) =>
          one.region === 'eu-west-1'
            ? { ...one, state: 'failed' as const, reason: 'EC2 is down' }
            : one,
        );
        const start = performance.now();
        dashboard.show([
          someCompose({ outcome: 'running', images: [{ ...sick, regions: changed }, approval] }),
        ]);
        await page.waitForSelector('#region-eu-west-1 .chip.bad');
        const tookMs = performance.now() - start;
        assert(tookMs < 2_000, `${tookMs} ms`);
        assert.equal(await reason.inputValue(), 'half a senten');
        assert.equal(
          await page.evaluate('document.activeElement.id'),
          await reason.getAttribute('id'),
        );
      });
    });
  });

  it('can be read without scripts, and by keyboard alone', async () => {
    await served({ overviews }, async (url) => {
      await inContext({ javaScriptEnabled: false }, async (page) => {
        await page.goto(url);
        assert.equal(await page.locator('meta[http-equiv=refresh]').count(), 1);
        assert(
          await page.locator('text=the quota of public AMIs is used up').isVisible(),
          'the reason is not on the page',
        );
        assert.equal(await page.locator('button.copy:visible').count(), 0);
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        assert.match(page.url(), /#main$/);
      });
    });
  });

  it('has no serious barrier in the static catalogue, read from a folder', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'fedimg-site-'));
    try {
      await writeSite(directory, siteFiles({ records: someRecords() }));
      await inContext({ viewport: { width: 390, height: 900 }, bypassCSP: true }, async (page) => {
        for (const name of ['index.html', 'regions/eu-west-1.html']) {
          await page.goto(pathToFileURL(join(directory, name)).href);
          assert.deepEqual(await seriousViolations(page), [], name);
          assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
        }
      });
      await inContext({}, async (page) => {
        const troubles: string[] = [];
        page.on(
          'console',
          (message) => message.type() === 'error' && troubles.push(message.text()),
        );
        await page.goto(pathToFileURL(join(directory, 'index.html')).href);
        assert.deepEqual(troubles, [], 'style and script are allowed by its own policy');
      });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('approves a waiting image and retries its failed region, and the run completes', async () => {
    const publish = [
      'regions = ["us-east-1", "eu-west-1"]',
      'approval = "before-copy"',
      'operator_patience = "1h"',
    ];
    await withPublisher({ publish }, async (publisher) => {
      const refusal = { action: 'CopySnapshot', kind: 'refusal', count: 0 } as const;
      await publisher.setFaults([{ ...refusal, region: 'eu-west-1' }]);
      const compose = await publisher.compose({ architectures: ['x86_64'] });
      const handle = await publisher.signal(compose);
      await withDashboard(publisher, async ({ url, reports }) => {
        await inContext({}, async (page) => {
          await signIn(page, url);
          await page.waitForSelector('text=waits for approval before the step copy', {
            timeout: 90_000,
          });
          await act(page, 'Approve', 'seen on the page');
          await page.waitForSelector('.attention .card.bad:has-text("eu-west-1")', {
            timeout: 90_000,
          });
          await publisher.setFaults([]);
          await act(page, 'Retry eu-west-1', 'the quota is raised');
          const { outcome, images } = await handle.result();
          assert.equal(outcome, 'published');
          assert.deepEqual(
            images[0]?.acts?.map(({ action, by, reason }) => [action, by, reason]),
            [
              ['approve', 'ann@desk', 'seen on the page'],
              ['retry', 'ann@desk', 'the quota is raised'],
            ],
          );
          await page.waitForSelector('#newest', { timeout: 30_000 });
          await page.click(`a:has-text("${images[0]?.amis[0]?.image ?? ''}")`);
          for (const { ami } of images[0]?.amis ?? []) {
            if (ami !== null)
              assert.equal(await page.locator(`button[data-copy="${ami}"]`).count(), 1, ami);
          }
          await page.goto(`${url}/amis`);
          await page.waitForSelector('a:has-text("launch")');
        });
        assert.deepEqual(reports, []);
      });
    });
  });
});

async function withDashboard(
  publisher: LocalPublisher,
  body: (dashboard: Dashboard) => Promise<void>,
): Promise<void> {
  const { server } = await testTemporal();
  const env = {
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: server.namespace,
    TEMPORAL_CONFIG_FILE: '/nowhere',
  };
  const access = await connectToTemporal({ env, connectTimeoutMs: 60_000 });
  const session = { access, uiUrl: 'http://ui.example', deployment: DEPLOYMENT };
  const dashboard = await startDashboard({
    session,
    start: { taskQueue: publisher.taskQueue, timeScale: TIME_SCALE },
    catalogue: {
      read: async () => ({ records: await recordsFromHistories(session), notes: [] }),
      linkOf: () => null,
    },
    acts: { kind: 'token', token: TOKEN },
    hostname: '127.0.0.1',
    port: 0,
  });
  try {
    await body(dashboard);
  } finally {
    await dashboard.close();
    await access.close();
  }
}
