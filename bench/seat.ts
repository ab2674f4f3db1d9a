/**
 * Asks workflows and pages while `dashboard` runs, and measures the answers. A process of its own: the
 * thread of the benchmark is busy with the local cloud, and would measure itself.
 */

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { imageProgressQuery } from '../src/contract.js';
import { REGION_WORDS } from '../src/dashboard/pages/words.js';

export interface SeatOrder {
  /** Of Temporal. */
  readonly address: string;
  readonly namespace: string;
  /** Workflow ids. */
  readonly images: readonly string[];
  readonly urls: readonly string[];
}

export interface SeatReport {
  /** `image region word`, and when it began by the workflow, in milliseconds since 1970. */
  readonly began: readonly (readonly [string, number])[];
  readonly answers: readonly Answer[];
  /** How long the worker took to answer a query, which is a part of each change's way. */
  readonly queryMs: readonly number[];
}

export interface Answer {
  /** From the request to the last byte. */
  readonly ms: number;
  /** What the server itself needed, by its own measure. */
  readonly serverMs: number;
  readonly bytes: number;
}

/** The seat must not be the load that it measures: each reading of a workflow costs the worker a task. */
const READ_EVERY_MS = { workflow: 2_000, answer: 500 };

const stop = new AbortController();
process.once('disconnect', () => process.exit());
const [order] = (await once(process, 'message')) as [SeatOrder];
process.once('message', () => stop.abort());

const connection = await Connection.connect({ address: order.address });
const client = new Client({ connection, namespace: order.namespace });
const began = new Map<string, number>();
const queryMs: number[] = [];
const answers: Answer[] = [];
await Promise.all([...order.images.map(readWorkflow), askPages(order.urls)]);
await connection.close();
const report: SeatReport = { began: [...began], answers, queryMs };
process.send?.(report);

/** The workflow says itself since when a region has its state. */
async function readWorkflow(id: string): Promise<void> {
  const handle = client.workflow.getHandle(id);
  while (!stop.signal.aborted) {
    const askedMs = performance.now();
    // The compose has not started it yet, or the worker is not there.
    const progress = await handle.query(imageProgressQuery).catch(() => undefined);
    if (progress !== undefined) queryMs.push(performance.now() - askedMs);
    for (const { region, state, since } of progress?.regions ?? []) {
      const key = `${id} ${region} ${REGION_WORDS[state].word}`;
      if (since !== undefined && !began.has(key)) began.set(key, Date.parse(since));
    }
    await delay(READ_EVERY_MS.workflow);
  }
}

/** Each page in turn. */
async function askPages(urls: readonly string[]): Promise<void> {
  for (let turn = 0; !stop.signal.aborted; turn += 1) {
    const begun = performance.now();
    const response = await fetch(urls[turn % urls.length] ?? '');
    const bytes = (await response.arrayBuffer()).byteLength;
    const timing = response.headers.get('server-timing') ?? '';
    const serverMs = Number(/dur=([0-9.]+)/.exec(timing)?.[1]);
    answers.push({ ms: performance.now() - begun, serverMs, bytes });
    await delay(READ_EVERY_MS.answer);
  }
}
