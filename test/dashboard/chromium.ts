/** Chromium for the tests of a file, and the pages of test data that it reads. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import type { TestDashboard, TestDashboardOptions } from './overviews.js';
import { testDashboard } from './overviews.js';

const CHROMIUM = process.env['FEDIMG_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Of the acts. */
export const TOKEN = 'a-long-token-of-the-tests';

type InContext = <T>(
  options: BrowserContextOptions,
  body: (page: Page, context: BrowserContext) => Promise<T>,
) => Promise<T>;

/** Launches a browser before the tests of a `describe` and ends it after them; returns what opens a page in a context of its own. */
export function useChromium(): InContext {
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
  return async (options, body) => {
    const context = await browser.newContext(options);
    try {
      return await body(await context.newPage(), context);
    } finally {
      await context.close();
    }
  };
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Violations of level serious or critical. */
export async function seriousViolations(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: AXE });
  const run = 'axe.run().then(({ violations }) => violations)';
  const found = await page.evaluate<Violation[]>(run);
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}: ${nodes[0]?.failureSummary ?? ''}`);
}

/** The pages of test data at a loopback address. */
export async function served<T>(
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

export async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.fill('#by', 'ann@desk');
  await page.fill('#token', TOKEN);
  await page.click('main button');
  await page.waitForSelector('text=You act as ann@desk');
}
