import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { recordsFromHistories } from '../../src/client/amis.js';
import { connectToTemporal } from '../../src/client/connection.js';
import type { Dashboard } from '../../src/dashboard/server/serve.js';
import { startDashboard } from '../../src/dashboard/server/serve.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import { DEPLOYMENT, TIME_SCALE } from '../support/publisher-config.js';
import { testTemporal } from '../support/temporal.js';
import { signIn, TOKEN, useChromium } from './chromium.js';

describe('acts on the dashboard in a browser', () => {
  const inContext = useChromium();

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

/** Opens the form of an act and sends it, as a person does. */
async function act(page: Page, summary: string, reason: string): Promise<void> {
  await page.click(`summary:has-text("${summary}")`);
  const form = page.locator('details.act[open] form');
  await form.locator('input[name=reason]').fill(reason);
  await form.locator('button').click();
  await page.waitForSelector('.notice.good');
}

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
