/** Draws the pictures of docs/dashboard.md, in Chromium (Debian: chromium, pngquant), from the samples of the tests. */

import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { execa } from 'execa';
import { chromium } from 'playwright-core';
import {
  ago,
  REGIONS,
  someCompose,
  someImage,
  someRecords,
  someRegion,
  testDashboard,
  waitingForApproval,
  withSickRegion,
} from '../test/dashboard/overviews.js';

const TARGET = fileURLToPath(new URL('../docs/images/', import.meta.url));
const WIDTHS = [1280, 390] as const;
const PAGES = {
  composes: '/',
  image: '/image/Fedora-Cloud-44-20261122.0/Cloud_Base/x86_64',
  compose: '/compose/Fedora-Cloud-44-20261122.0',
  amis: '/amis?release=44&arch=x86_64',
} as const;
/** Enough to see a page; the rest is more of the same. */
const HEIGHTS = { 1280: 1300, 390: 1500 } as const;

const states = ['published', 'copied', 'copying', 'waiting'] as const;
const copying = REGIONS.map((region, index) =>
  someRegion(region, states[Math.floor((index * states.length) / REGIONS.length)] ?? 'copied'),
);
const compose = 'Fedora-Cloud-44-20261122.0';
const next = 'Fedora-Cloud-45-20261123.n.0';
const writing = someImage({
  ...{ compose: next, outcome: 'running', step: 'write', release: '45', startedAt: ago(240) },
  ...{ regions: REGIONS.map((region) => someRegion(region, 'waiting')), tests: [] },
  image: 'Fedora-Cloud-Base-AmazonEC2-45-20261123.n.0.x86_64',
  transfer: {
    step: 'write',
    phase: 'write',
    bytes: 3.3 * 1024 ** 3,
    totalBytes: 5 * 1024 ** 3,
    at: ago(1),
    stillSince: null,
    isBlocked: false,
  },
});
const sick = withSickRegion(
  someImage({ compose, outcome: 'running', regions: copying, startedAt: ago(1900) }),
);
const approval = waitingForApproval(
  someImage({
    compose,
    arch: 'aarch64',
    outcome: 'running',
    regions: copying.map(({ region }) =>
      someRegion(region, region === 'us-east-1' ? 'copied' : 'waiting'),
    ),
  }),
);
const dashboard = testDashboard({
  overviews: [
    someCompose({
      compose: next,
      outcome: 'running',
      images: [writing],
      release: '45',
      startedAt: ago(260),
    }),
    someCompose({ compose, outcome: 'running', images: [sick, approval], startedAt: ago(2000) }),
    someCompose({
      compose: 'Fedora-Cloud-43-20261121.0',
      release: '43',
      startedAt: ago(90_000),
      closedAt: ago(87_000),
    }),
  ],
  records: someRecords(),
  acts: { kind: 'token', token: 'a-token-of-the-pictures' },
});
const server = createAdaptorServer({ fetch: dashboard.app.fetch, hostname: '127.0.0.1' });
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
await mkdir(TARGET, { recursive: true });
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  for (const width of WIDTHS) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
      const page = await context.newPage();
      await page.goto(`${base}/sign-in`);
      await page.fill('#by', 'ann@desk');
      await page.fill('#token', 'a-token-of-the-pictures');
      await page.click('main button');
      for (const [name, path] of Object.entries(PAGES)) {
        await page.goto(`${base}${path}`);
        await page.waitForSelector('.sign.good');
        const full = await page.evaluate('document.documentElement.scrollHeight');
        const height = Math.min(Number(full), HEIGHTS[width]);
        await page.setViewportSize({ width, height });
        const picture = `${TARGET}${name}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: picture });
        // A page has few colours: 48 are a quarter of the size.
        await execa('pngquant', ['--force', '--ext', '.png', '--speed', '1', '48', picture]);
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  await dashboard.close();
  server.close();
}
