/** `dashboard`: three composes of two images in all regions, while a browser looks at the page of each image. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';
import { imageProgressQuery } from '../src/contract.js';
import { imagePath } from '../src/dashboard/pages/paths.js';
import { REGION_WORDS } from '../src/dashboard/pages/words.js';

import type { SampleCompose } from '../src/local/compose-server/sample-compose.js';
import { imageWorkflowId } from '../src/model/ids/workflow-ids.js';
import type { LocalPublisher } from '../test/support/local-publisher.js';
import { withPublisher } from '../test/support/local-publisher.js';
import { DEPLOYMENT } from '../test/support/publisher-config.js';
import { cliProgram } from '../test/support/cli-program.js';
import { testTemporal } from '../test/support/temporal.js';
import { withWorkers } from '../test/support/worker-process.js';
import type { Result, Row } from './row.js';

const COMPOSES = 3;
const CHROMIUM = process.env['FEDIMG_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
/** The bench must not be the load that it measures: each reading of a workflow costs the worker a task. */
const READ_EVERY_MS = { workflow: 2_000, page: 1_000, answer: 500 };
/** What the last change may take to the page. */
const LAST_CHANGE_MS = 3_000;

/** `image region word` -> milliseconds since 1970. */
type Times = Map<string, number>;

interface Seen {
  /** When each state of each region began, by the workflow. */
  readonly began: Times;
  /** When it first stood on the page. */
  readonly shown: Times;
  answers: readonly Answer[];
  /** How long the worker took to answer a query, which is a part of each change's way. */
  readonly queryMs: number[];
}

interface Answer {
  /** From the request to the last byte. */
  readonly ms: number;
  /** What the server itself needed, by its own measure. */
  readonly serverMs: number;
  readonly bytes: number;
}

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

/** Asks for each page in turn. A thread of its own: the bench's is busy with the local cloud, and would measure itself. */
const ASKER = `
const { parentPort, workerData } = require('node:worker_threads');
const answers = [];
let isOver = false;
parentPort.once('message', () => { isOver = true; });
(async () => {
  while (!isOver) {
    for (const url of workerData.urls) {
      const start = performance.now();
      const response = await fetch(url);
      const bytes = (await response.arrayBuffer()).byteLength;
      const ms = performance.now() - start;
      const serverMs = Number(/dur=([0-9.]+)/.exec(response.headers.get('server-timing') ?? '')?.[1]);
      answers.push({ ms, serverMs, bytes });
      await new Promise((resolve) => setTimeout(resolve, workerData.everyMs));
      if (isOver) break;
    }
  }
  parentPort.postMessage(answers);
})();`;

export default async function run(): Promise<Result> {
  const options = { worker: false, latency: 'fast', publish: ['regions = "all"'] } as const;
  return withPublisher(options, async (publisher) => {
    const composes: SampleCompose[] = [];
    for (let index = 0; index < COMPOSES; index += 1) composes.push(await publisher.compose());
    // Processes of their own, as in production.
    return withWorkers(publisher, async (start) => {
      await start().ready;
      const page = await startPage(publisher);
      try {
        return { rows: await measure(publisher, page.url, composes) };
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
  composes: readonly SampleCompose[],
): Promise<Row[]> {
  const seen: Seen = { began: new Map(), shown: new Map(), answers: [], queryMs: [] };
  const stop = new AbortController();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const runs = await Promise.all(composes.map((compose) => publisher.signal(compose)));
    const images = composes.flatMap(({ composeId, images: named }) =>
      named.map(({ subvariant, architecture: arch }) =>
        imageWorkflowId(DEPLOYMENT, { composeId, subvariant, arch }),
      ),
    );
    const pages = images.map((id) => `${url}${imagePath(id)}`);
    const watching = [
      ...images.map((id) => readWorkflow(id, seen, stop.signal)),
      ...pages.map((page, at) =>
        readPage(browser, page, { image: images[at] ?? '', seen }, stop.signal),
      ),
      askAgain([url, ...pages, `${url}/amis`], seen, stop.signal),
    ];
    const results = await Promise.all(runs.map((handle) => handle.result()));
    await delay(LAST_CHANGE_MS);
    stop.abort();
    await Promise.all(watching);
    return rowsOf(results.filter(({ outcome }) => outcome === 'published').length, seen);
  } finally {
    await browser.close();
  }
}

/** The workflow says itself since when a region has its state. */
async function readWorkflow(
  id: string,
  { began, queryMs }: Seen,
  stop: AbortSignal,
): Promise<void> {
  const { client } = await testTemporal();
  while (!stop.aborted) {
    const askedMs = performance.now();
    const progress = await client.workflow
      .getHandle(id)
      .query(imageProgressQuery)
      .catch(() => undefined);
    if (progress !== undefined) queryMs.push(performance.now() - askedMs);
    for (const { region, state, since } of progress?.regions ?? []) {
      const key = `${id} ${region} ${REGION_WORDS[state].word}`;
      if (since !== undefined && !began.has(key)) began.set(key, Date.parse(since));
    }
    await delay(READ_EVERY_MS.workflow);
  }
}

/** Reads from the browser when each region's word first stood on the page. */
async function readPage(
  browser: Browser,
  url: string,
  { image, seen }: { readonly image: string; readonly seen: Seen },
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
      if (!seen.shown.has(key)) seen.shown.set(key, ms);
    }
    if (isLast) break;
    // A page that did not find the image yet has no live part.
    if (Object.keys(words).length === 0 && !(await page.locator('#live').count())) {
      await page.reload();
    }
    await delay(READ_EVERY_MS.page);
  }
  await page.close();
}

async function askAgain(urls: readonly string[], seen: Seen, stop: AbortSignal): Promise<void> {
  const everyMs = READ_EVERY_MS.answer;
  const asker = new Worker(ASKER, { eval: true, execArgv: [], workerData: { urls, everyMs } });
  const answers = once(asker, 'message');
  stop.addEventListener('abort', () => asker.postMessage('over'));
  [seen.answers] = (await answers) as [readonly Answer[]];
  await asker.terminate();
}

function rowsOf(published: number, { began, shown, answers, queryMs }: Seen): Row[] {
  // A state that ended within a reading of the page may never have been on it.
  const late = [...began]
    .filter(([key]) => shown.has(key))
    .map(([key, ms]) => Math.max(0, (shown.get(key) ?? 0) - ms));
  const times = (key: 'ms' | 'serverMs') => answers.map((answer) => answer[key]);
  const variant = `${COMPOSES} composes x 2 images x all regions`;
  const row = (figure: string, value: number, unit: string, goal: string): Row => ({
    figure,
    variant,
    value,
    unit,
    goal,
  });
  return [
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
