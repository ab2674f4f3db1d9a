import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { siteFiles } from '../../src/dashboard/site/site-pages.js';
import { writeSite } from '../../src/dashboard/site/write-site.js';
import { served, seriousViolations, signIn, TOKEN, useChromium } from './chromium.js';
import {
  someCompose,
  someImage,
  someRecords,
  waitingForApproval,
  withSickRegion,
} from './overviews.js';

const HOSTILE = `<script>document.title='owned'</script>"><img src=x onerror="document.title='owned'">\u202E`;

describe('the dashboard in a browser', () => {
  const inContext = useChromium();
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
});
