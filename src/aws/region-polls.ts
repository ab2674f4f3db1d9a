/** The polls of one region: what is asked, of which service, how often. */

import type { EC2Client, Image, Instance, Snapshot, Volume } from '@aws-sdk/client-ec2';
import type {
  CommandInvocation,
  InstanceInformation,
  SSMClient,
  SSMPaginationConfiguration,
} from '@aws-sdk/client-ssm';
import {
  paginateDescribeInstanceInformation,
  paginateListCommandInvocations,
} from '@aws-sdk/client-ssm';
import type { Clock } from '../model/clock.js';
import { listImages, listInstances, listSnapshots, listVolumes } from './listing.js';
import { LookTimes } from './look-times.js';
import { SharedPoll } from './shared-poll.js';

/** The SDK's three attempts, and their pauses. */
const ANSWER_TIMEOUTS_MAX = 4;

/** Between this machine's clock and SSM's. */
const CLOCK_SKEW_MS = 120_000;

/** Filter values in one call (EC2 API reference: 200 a filter). */
const EC2_IDS_MAX = 200;

/** Below the 100 values of a filter (SSM API reference, InstanceInformationStringFilter). */
const SSM_IDS_MAX = 50;

/** Items of a page of SSM's listings (SSM API reference: MaxResults). */
const PAGE_ITEMS_MAX = 50;

export interface RegionPolls {
  readonly instances: SharedPoll<Instance>;
  readonly volumes: SharedPoll<Volume>;
  readonly snapshots: SharedPoll<Snapshot>;
  readonly images: SharedPoll<Image>;
  readonly agents: SharedPoll<InstanceInformation>;
  readonly invocations: SharedPoll<CommandInvocation>;
}

export interface PollSources {
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  /** In ms. */
  readonly settings: {
    readonly pollIntervalMs: number;
    readonly commandPollIntervalMs: number;
    readonly requestTimeoutMs: number;
    readonly adaptiveLooks?: boolean;
  };
  readonly clock: Clock;
  /** Commands of this worker that are awaited, with the times when they were sent, in ms since 1970. */
  readonly sentAt: ReadonlyMap<string, number>;
}

export function regionPolls(sources: PollSources): RegionPolls {
  const { ec2, settings, clock } = sources;
  const { pollIntervalMs, commandPollIntervalMs, requestTimeoutMs } = settings;
  const isFixed = settings.adaptiveLooks !== true;
  const times = new LookTimes({ intervalMs: pollIntervalMs, isFixed });
  const commandTimes = new LookTimes({ intervalMs: commandPollIntervalMs, isFixed });
  const answerMsMax = ANSWER_TIMEOUTS_MAX * requestTimeoutMs;
  // Ends the walk through the pages when the poll has given up. AbortSignal refuses the fraction of a scaled time-out.
  const bounded = () => AbortSignal.timeout(Math.ceil(answerMsMax));
  const every = { clock, times, answerMsMax };
  const poll = <T>(
    idOf: (item: T) => string | undefined,
    list: (ids: string[], signal: AbortSignal) => Promise<T[]>,
    options: { readonly idsMax: number; readonly times?: LookTimes },
  ): SharedPoll<T> =>
    new SharedPoll({
      ...every,
      ...options,
      describe: async (ids) => byId(await list([...ids], bounded()), idOf),
    });
  // Filters, not id lists: one unknown id would fail the whole call with NotFound.
  const filter = (Name: string, Values: string[]) => [{ Name, Values }];
  return {
    instances: poll<Instance>(
      ({ InstanceId }) => InstanceId,
      (ids, signal) => listInstances(ec2, filter('instance-id', ids), signal),
      { idsMax: EC2_IDS_MAX },
    ),
    volumes: poll<Volume>(
      ({ VolumeId }) => VolumeId,
      (ids, signal) => listVolumes(ec2, filter('volume-id', ids), signal),
      { idsMax: EC2_IDS_MAX },
    ),
    snapshots: poll<Snapshot>(
      ({ SnapshotId }) => SnapshotId,
      (ids, signal) => listSnapshots(ec2, filter('snapshot-id', ids), signal),
      { idsMax: EC2_IDS_MAX },
    ),
    images: poll<Image>(
      ({ ImageId }) => ImageId,
      (ids, signal) =>
        listImages(ec2, { Owners: ['self'], Filters: filter('image-id', ids) }, signal),
      { idsMax: EC2_IDS_MAX },
    ),
    agents: poll<InstanceInformation>(
      ({ InstanceId }) => InstanceId,
      (ids, signal) => listAgents(sources, ids, signal),
      { idsMax: SSM_IDS_MAX },
    ),
    invocations: poll<CommandInvocation>(
      ({ CommandId }) => CommandId,
      (ids, signal) => listInvocations(sources, ids, signal),
      { idsMax: Number.MAX_SAFE_INTEGER, times: commandTimes },
    ),
  };
}

async function listAgents(
  { ssm }: PollSources,
  ids: string[],
  abortSignal: AbortSignal,
): Promise<InstanceInformation[]> {
  const found: InstanceInformation[] = [];
  const input = { Filters: [{ Key: 'InstanceIds', Values: ids }] };
  // SSM filters each page by itself: a page without any of these nodes may have a next one (aws/aws-cli#2626).
  const pages = paginateDescribeInstanceInformation(ssmPaging(ssm), input, { abortSignal });
  for await (const page of pages) {
    found.push(...(page.InstanceInformationList ?? []));
    if (found.length >= ids.length) break;
  }
  return found;
}

/** Asks for a single command by its id; several commands share one listing of what was sent since the first. */
async function listInvocations(
  { ssm, sentAt, clock }: PollSources,
  ids: string[],
  abortSignal: AbortSignal,
): Promise<CommandInvocation[]> {
  const wanted = new Set(ids);
  const found: CommandInvocation[] = [];
  const sinceMs = Math.min(...ids.map((id) => sentAt.get(id) ?? clock.now()));
  const value = new Date(sinceMs - CLOCK_SKEW_MS).toISOString();
  const input =
    ids.length === 1
      ? { CommandId: ids[0] }
      : { Filters: [{ key: 'InvokedAfter' as const, value }] };
  const pages = paginateListCommandInvocations(ssmPaging(ssm), input, { abortSignal });
  for await (const page of pages) {
    found.push(...(page.CommandInvocations ?? []));
    if (found.filter((one) => wanted.has(one.CommandId ?? '')).length >= wanted.size) break;
  }
  return found;
}

/** SSM's last page has an empty token or no token. */
function ssmPaging(client: SSMClient): SSMPaginationConfiguration {
  return { client, pageSize: PAGE_ITEMS_MAX, stopOnSameToken: true };
}

function byId<T>(items: readonly T[], idOf: (item: T) => string | undefined): Map<string, T> {
  return new Map(
    items.flatMap((item) => {
      const id = idOf(item);
      return id === undefined ? [] : [[id, item]];
    }),
  );
}
