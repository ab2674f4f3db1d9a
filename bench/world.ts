/** One image or many, published with production's waits on a local cloud with EC2's latencies, in seconds of real time. */

import type { WorkflowHandle } from '@temporalio/client';
import { KERNELS } from '../src/local/config.js';
import type { ImageRequest } from '../src/model/plan/plan.js';
import type { ImageResult } from '../src/model/progress/progress.js';
import type { CallCount } from '../src/simulator/index.js';
import { withPublisher } from '../test/support/local-publisher.js';
import { oneImage } from '../test/support/one-image.js';
import { testTemporal } from '../test/support/temporal.js';
import { HeartbeatCount } from './heartbeats.js';
import { TemporalRest } from './temporal-rest.js';

/** The regions with a PV-GRUB kernel get four AMIs, the others two; fedimg looks the home region's kernel up. */
const AWAY_KERNELS = Object.entries(KERNELS).filter(([region]) => region !== 'us-east-1');

/** To be enabled by the account: with the 17 that are enabled from the beginning, 33 regions. */
const OPTED_IN = [
  ...['af-south-1', 'ap-east-1', 'ap-east-2', 'ap-south-2', 'ap-southeast-3', 'ap-southeast-4'],
  ...['ap-southeast-5', 'ap-southeast-7', 'ca-west-1', 'eu-central-2', 'eu-south-1', 'eu-south-2'],
  ...['il-central-1', 'me-central-1', 'me-south-1', 'mx-central-1'],
];

export interface WorldOptions {
  readonly regions: 17 | 33;
  readonly seed: number;
  /** That are published together; one by default. */
  readonly images?: number;
  /** Lines of `[timing]`; none is production's defaults. */
  readonly timing?: readonly string[];
  /** Lines of `[publish]` and of other tables. */
  readonly publish?: readonly string[];
  readonly tables?: readonly string[];
}

/** What the publications took together. */
export interface Published {
  /** From the start of the first workflow to the end of the last, by the virtual clock, in seconds. */
  readonly seconds: number;
  readonly amis: number;
  readonly calls: readonly CallCount[];
  /** That reached Temporal, by activity. */
  readonly heartbeats: ReadonlyMap<string, number>;
  /** Of the first image. */
  readonly history: History;
}

export interface History {
  readonly bytes: number;
  /** How often each event is in it, by its type's number. */
  readonly events: ReadonlyMap<number, number>;
  /** Attempts of activities beyond the first. */
  readonly retries: number;
}

const published = new Map<string, Promise<Published>>();

/** The same options are published once in a process: benchmarks that run together share it. */
export function publishOnce(options: WorldOptions): Promise<Published> {
  const key = JSON.stringify(options);
  const one = published.get(key) ?? publish(options);
  published.set(key, one);
  return one;
}

async function publish(options: WorldOptions): Promise<Published> {
  const rest = new TemporalRest();
  const beats = new HeartbeatCount();
  return withPublisher(worldOf(options, rest, beats), async (publisher) => {
    const { clock } = publisher;
    rest.attach(clock, (await testTemporal()).client);
    beats.attach(clock);
    const requests: ImageRequest[] = [];
    for (let made = 0; made < (options.images ?? 1); made += 1) {
      requests.push((await oneImage(publisher)).request);
    }
    const beganMs = clock.elapsed();
    const release = clock.hold();
    const handles = await Promise.all(requests.map((request) => publisher.publish(request)));
    for (const handle of handles) rest.holdUntilRest(handle);
    release();
    const results = await Promise.all(handles.map((handle) => handle.result()));
    const seconds = (clock.elapsed() - beganMs) / 1_000;
    const amis = results.flatMap((result) => result.amis).filter(({ ami }) => ami !== null).length;
    const [first] = handles;
    if (first === undefined) throw new RangeError('no image to publish');
    return {
      ...{ seconds, amis },
      calls: await publisher.calls(),
      heartbeats: beats.counts(),
      history: await historyOf(first),
    };
  });
}

export function worldOf(
  { regions, seed, timing = [], publish: lines = [], tables = [] }: WorldOptions,
  rest: TemporalRest,
  beats: HeartbeatCount,
): Parameters<typeof withPublisher>[0] {
  return {
    ...{ latency: 'aws', waitsTakeNoTime: true, seed, production: timing },
    account: regions === 33 ? { optedInRegions: OPTED_IN } : {},
    publish: ['regions = "all"', 'operator_patience = "0s"', ...lines],
    // A dead-man timer's minute is real time.
    tables: [...AWAY_KERNELS.map(kernelTable), ...tables],
    activityInterceptors: [rest.interceptor, beats.interceptor],
  };
}

function kernelTable([region, aki]: [string, string]): string {
  return [
    '[[amis]]',
    `region = "${region}"`,
    'ami = "al2023"',
    'arch = "x86_64"',
    `aki = "${aki}"`,
  ].join('\n');
}

export function total(calls: readonly CallCount[], action?: string): number {
  return calls
    .filter((call) => action === undefined || call.action === action)
    .reduce((sum, { count }) => sum + count, 0);
}

const ACTIVITY_TASK_STARTED = 11;

async function historyOf(handle: WorkflowHandle<() => Promise<ImageResult>>): Promise<History> {
  const { historySize = 0 } = await handle.describe();
  const { events: all } = await handle.fetchHistory();
  const events = new Map<number, number>();
  let retries = 0;
  for (const { eventType, activityTaskStartedEventAttributes: started } of all ?? []) {
    const type = Number(eventType ?? 0);
    events.set(type, (events.get(type) ?? 0) + 1);
    if (type === ACTIVITY_TASK_STARTED) retries += (started?.attempt ?? 1) - 1;
  }
  return { bytes: historySize, events, retries };
}
