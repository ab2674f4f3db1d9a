/** What a history says, read from its events and payloads. */

import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import type { HandEvent, HistoryFacts } from './evidence.js';

const BUNDLE = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));

type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;
type HistoryEvent = NonNullable<History['events']>[number];

/** Failed for reasons of the server or of a worker that was killed: the task is simply made again. */
const BENIGN_CAUSES = ['UNHANDLED_COMMAND', 'RESET_STICKY_TASK_QUEUE', 'FORCE_CLOSE_COMMAND'];

export async function readHistory(options: {
  readonly history: History;
  readonly secret: string;
  readonly replay: boolean;
}): Promise<HistoryFacts> {
  const events = options.history.events ?? [];
  const found: Found = { largest: 0, secretIn: [] };
  for (const event of events) {
    search(event, options.secret, found, `event ${String(event.eventId)}`);
  }
  return {
    events: events.length,
    largestPayloadBytes: found.largest,
    secretIn: found.secretIn,
    taskFailures: events.flatMap(taskFailure),
    retriedFinal: events.flatMap(retriedFinal),
    passedTests: passedTests(events),
    cancelledAt: cancelledAt(events),
    hands: events.flatMap(handEvent),
    replayFailure: options.replay ? await replayFailure(options.history) : undefined,
  };
}

interface Found {
  largest: number;
  readonly secretIn: string[];
}

function search(value: unknown, secret: string, found: Found, where: string): void {
  if (value instanceof Uint8Array) {
    found.largest = Math.max(found.largest, value.length);
    if (Buffer.from(value).includes(secret)) found.secretIn.push(where);
  } else if (typeof value === 'string') {
    if (value.includes(secret)) found.secretIn.push(where);
  } else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) search(inner, secret, found, where);
  }
}

function taskFailure({ workflowTaskFailedEventAttributes: failed }: HistoryEvent): string[] {
  if (failed === null || failed === undefined) return [];
  const message = failed.failure?.message ?? '';
  const cause = String(failed.cause);
  const benign = BENIGN_CAUSES.some((one) => message.includes(one)) || message === '';
  return benign || /UnhandledCommand/.test(message) ? [] : [`cause ${cause}: ${message}`];
}

function retriedFinal({ activityTaskStartedEventAttributes: started }: HistoryEvent): string[] {
  const last = started?.lastFailure;
  if (last?.applicationFailureInfo?.nonRetryable !== true) return [];
  return [`attempt ${started?.attempt ?? 0} after "${last.message ?? ''}"`];
}

function passedTests(events: readonly HistoryEvent[]): HistoryFacts['passedTests'] {
  return events.flatMap((event) => {
    const data = event.activityTaskCompletedEventAttributes?.result?.payloads?.[0]?.data;
    if (data === null || data === undefined || data.length === 0) return [];
    const value = JSON.parse(Buffer.from(data).toString('utf8')) as Record<string, unknown> | null;
    if (value?.['exitStatus'] !== 0 || typeof value['ami'] !== 'string') return [];
    return [{ ami: value['ami'], time: timeOf(event) }];
  });
}

function cancelledAt(events: readonly HistoryEvent[]): number | undefined {
  const request = events.find((event) => event.workflowExecutionCancelRequestedEventAttributes);
  return request === undefined ? undefined : timeOf(request);
}

function handEvent(event: HistoryEvent): HandEvent[] {
  const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
  if (update !== null && update !== undefined) {
    const { regions = [] } = payloadOf<{ regions?: string[] }>(update.args) ?? {};
    return [{ act: update.name ?? '', regions }];
  }
  const scheduled = event.activityTaskScheduledEventAttributes;
  if (scheduled === null || scheduled === undefined) return [];
  const input = payloadOf<ActivityInput>(scheduled.input);
  const region = input?.regionName ?? input?.regionPlan?.regionName;
  return [{ activity: scheduled.activityType?.name ?? '', region }];
}

interface ActivityInput {
  readonly regionName?: string;
  readonly regionPlan?: { readonly regionName: string };
}

function payloadOf<T>(
  payloads: { payloads?: { data?: Uint8Array | null }[] | null } | null | undefined,
): T | undefined {
  const data = payloads?.payloads?.[0]?.data;
  if (data === null || data === undefined || data.length === 0) return undefined;
  return JSON.parse(Buffer.from(data).toString('utf8')) as T;
}

/** In ms. */
function timeOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime?.seconds ?? 0) * 1000 + Number(eventTime?.nanos ?? 0) / 1e6;
}

let lastReplay: Promise<unknown> = Promise.resolve();

/** One after the other: a replay that ends takes the SDK's runtime away from one that begins. */
function replayFailure(history: History): Promise<string | undefined> {
  const replay = lastReplay.then(() => replayAlone(history));
  lastReplay = replay;
  return replay;
}

async function replayAlone(history: History): Promise<string | undefined> {
  try {
    await Worker.runReplayHistory({ workflowBundle: { codePath: BUNDLE } }, history);
    return undefined;
  } catch (error) {
    return `it does not replay: ${String(error)}`;
  }
}
