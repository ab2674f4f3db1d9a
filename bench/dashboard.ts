/** `dashboard`: three composes of two images in all regions, while a browser looks at the page of each image. */

import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';
import { imagePath } from '../src/dashboard/pages/paths.js';
import type { SampleCompose } from '../src/local/compose-server/sample-compose.js';
import { imageWorkflowId } from '../src/model/ids/workflow-ids.js';
import { cliProgram } from '../test/support/cli-program.js';
import type { LocalPublisher, PublisherOptions } from '../test/support/local-publisher.js';
import { withPublisher } from '../test/support/local-publisher.js';
import { DEPLOYMENT } from '../test/support/publisher-config.js';
import { testTemporal } from '../test/support/temporal.js';
import { withWorkers } from '../test/support/worker-process.js';
import type { Result, Row } from './row.js';
import type { SeatOrder, SeatReport } from './seat.js';

const COMPOSES = 3;
const CHROMIUM = process.env['FEDIMG_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
const READ_EVERY_MS = 1_000;
/** What the last change may take to the page. */
const LAST_CHANGE_MS = 3_000;

/**
 * A tenth of EC2's times lets two cores do what a worker does in production. `fast` drives all images through
 * all states at once, which does not happen on EC2: it shows what holds the page up first.
 */
const VARIANTS: Readonly<Record<string, PublisherOptions>> = {
  'aws / 10': { latency: 'aws', latencyScale: 0.1, pollIntervalMs: 1_000 },
  stress: { latency: 'fast' },
};
/** FEDIMG_BENCH_VARIANT=stress measures one of them. */
const CHOSEN = process.env['FEDIMG_BENCH_VARIANT'];

/** `image region word` -> milliseconds since 1970, when it first stood on the page. */
type Shown = Map<string, number>;

/** Runs in the page: notes when each region's word first stands there, to the millisecond. */
const RECORDER = `(() => {
  const seen = (window.seenWords = {});
  const look = () => {
    for (const row of document.querySelectorAll('tr[id^=region-]')) {
      const word = (row.querySelector('.chip')?.textContent ?? '').replace(/^\\W+/, '').trim();
      seen[row.id.slice(7) + ' ' + word] ??= Date.now();
    }
  };
  addEventListener('DOMContentLoaded', () => {
    look();
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
})()`;

export default async function run(): Promise<Result> {
  const rows: Row[] = [];
  for (const [variant, options] of Object.entries(VARIANTS)) {
    if (CHOSEN === undefined || CHOSEN === variant)
      rows.push(...(await measured(variant, options)));
  }
  return { rows };
}

async function measured(variant: string, given: PublisherOptions): Promise<Row[]> {
  const options = { ...given, worker: false, publish: ['regions = "all"'] };
  return withPublisher(options, async (publisher) => {
    const composes: SampleCompose[] = [];
    for (let index = 0; index < COMPOSES; index += 1) composes.push(await publisher.compose());
    // Processes of their own, as in production.
    return withWorkers(publisher, async (start) => {
      await start().ready;
      const page = await startPage(publisher);
      try {
        return await measure(publisher, page.url, { variant, composes });
      } finally {
        page.stop();
      }
    });
  });
}

/** `fedimg dashboard`, with its address. */
async function startPage({ configFile, env }: LocalPublisher) {
  const command = ['dashboard', '--listen', '127.0.0.1:0', '--config', configFile];
  const child = spawn(process.execPath, [...cliProgram(), ...command], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the dashboard ended with ${String(code)}`)));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
        if (address !== undefined) resolve(address);
      });
    }
  });
  return { url, stop: () => child.kill() };
}

async function measure(
  publisher: LocalPublisher,
  url: string,
  { variant, composes }: { readonly variant: string; readonly composes: readonly SampleCompose[] },
): Promise<Row[]> {
  const shown: Shown = new Map();
  const stop = new AbortController();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const images = composes.flatMap(({ composeId, images: named }) =>
      named.map(({ subvariant, architecture: arch }) =>
        imageWorkflowId(DEPLOYMENT, { composeId, subvariant, arch }),
      ),
    );
    const pages = images.map((id) => `${url}${imagePath(id)}`);
    const { server } = await testTemporal();
    const { address, namespace } = server;
    const endSeat = takeSeat({ address, namespace, images, urls: [url, ...pages, `${url}/amis`] });
    const began = performance.now();
    const runs = await Promise.all(composes.map((compose) => publisher.signal(compose)));
    const watching = pages.map((page, at) =>
      readPage(browser, page, { image: images[at] ?? '', shown }, stop.signal),
    );
    const results = await Promise.all(runs.map((handle) => handle.result()));
    const seconds = (performance.now() - began) / 1_000;
    await delay(LAST_CHANGE_MS);
    stop.abort();
    await Promise.all(watching);
    const published = results.filter(({ outcome }) => outcome === 'published').length;
    return rowsOf(variant, { seconds, published, shown, ...(await endSeat()) });
  } finally {
    await browser.close();
  }
}

/** Starts the process of `seat.ts`; returns what ends it. */
function takeSeat(order: SeatOrder): () => Promise<SeatReport> {
  const program = fileURLToPath(new URL('seat.ts', import.meta.url));
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const seat = fork(program, { execArgv: ['--import', tsx] });
  seat.send(order);
  return async () => {
    const report = once(seat, 'message');
    seat.send('over');
    const [answer] = (await report) as [SeatReport];
    seat.disconnect();
    return answer;
  };
}

/** Reads from the browser when each region's word first stood on the page. */
async function readPage(
  browser: Browser,
  url: string,
  { image, shown }: { readonly image: string; readonly shown: Shown },
  stop: AbortSignal,
): Promise<void> {
  const page = await browser.newPage();
  await page.addInitScript(RECORDER);
  await page.goto(url);
  for (;;) {
    const isLast = stop.aborted;
    const words = await page
      .evaluate<Readonly<Record<string, number>>>('window.seenWords')
      .catch(() => ({}));
    for (const [word, ms] of Object.entries(words)) {
      const key = `${image} ${word}`;
      if (!shown.has(key)) shown.set(key, ms);
    }
    if (isLast) break;
    // A page that did not find the image yet has no live part.
    if (Object.keys(words).length === 0 && !(await page.locator('#live').count())) {
      await page.reload();
    }
    await delay(READ_EVERY_MS);
  }
  await page.close();
}

interface Seen extends SeatReport {
  readonly seconds: number;
  /** Composes. */
  readonly published: number;
  readonly shown: Shown;
}

function rowsOf(
  variant: string,
  { seconds, published, began, shown, answers, queryMs }: Seen,
): Row[] {
  // A state that ended within a reading of the page may never have been on it.
  const late = [...began]
    .filter(([key]) => shown.has(key))
    .map(([key, ms]) => Math.max(0, (shown.get(key) ?? 0) - ms));
  const times = (key: 'ms' | 'serverMs') => answers.map((answer) => answer[key]);
  const row = (figure: string, value: number, unit: string, goal: string): Row => ({
    figure,
    variant,
    value,
    unit,
    goal,
  });
  return [
    { figure: 'time of all', variant, value: seconds, unit: 's' },
    row('composes published', published, '', `>= ${COMPOSES}`),
    row('changes of regions seen on the page', late.length, '', '>= 200'),
    row('change to page, 95th percentile', percentile(late, 0.95) / 1000, 's', '<= 2'),
    row('change to page, slowest', Math.max(...late) / 1000, 's', '<= 2'),
    {
      figure: 'of that one query to the worker, 95th percentile',
      variant,
      value: percentile(queryMs, 0.95) / 1000,
      unit: 's',
    },
    row('answer, 95th percentile', percentile(times('ms'), 0.95), 'ms', '<= 150'),
    row('of that in the server', percentile(times('serverMs'), 0.95), 'ms', '<= 150'),
    row('largest page', Math.max(...answers.map(({ bytes }) => bytes)) / 1024, 'KiB', '<= 300'),
  ];
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
}
