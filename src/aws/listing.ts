/**
 * EC2's listings by filter, each read page by page. EC2 throttles an unpaged listing or lets it time out once the
 * account has many resources (ec2-api: "Query requests", pagination).
 */

import type {
  DescribeImagesCommandInput,
  EC2Client,
  Filter,
  Image,
  Instance,
  Snapshot,
  Volume,
} from '@aws-sdk/client-ec2';
import {
  paginateDescribeImages,
  paginateDescribeInstances,
  paginateDescribeSnapshots,
  paginateDescribeVolumes,
} from '@aws-sdk/client-ec2';

/** Far below what each listing allows: a page stays small, and EC2 answers it fast. */
const PAGE_SIZE = 200;

export type ImageQuery = Pick<
  DescribeImagesCommandInput,
  'Owners' | 'Filters' | 'IncludeDeprecated' | 'IncludeDisabled'
>;

export async function listInstances(
  client: EC2Client,
  Filters: Filter[],
  signal: AbortSignal,
): Promise<Instance[]> {
  const pages = paginateDescribeInstances(paging(client), { Filters }, { abortSignal: signal });
  return collect(pages, ({ Reservations }) =>
    Reservations?.flatMap(({ Instances }) => Instances ?? []),
  );
}

export async function listVolumes(
  client: EC2Client,
  Filters: Filter[],
  signal: AbortSignal,
): Promise<Volume[]> {
  const pages = paginateDescribeVolumes(paging(client), { Filters }, { abortSignal: signal });
  return collect(pages, ({ Volumes }) => Volumes);
}

/** Only this account's own. */
export async function listSnapshots(
  client: EC2Client,
  Filters: Filter[],
  signal: AbortSignal,
): Promise<Snapshot[]> {
  const input = { OwnerIds: ['self'], Filters };
  const pages = paginateDescribeSnapshots(paging(client), input, { abortSignal: signal });
  return collect(pages, ({ Snapshots }) => Snapshots);
}

/** Without AMIs that are deregistered: EC2 lists those for a while, in a state of their own. */
export async function listImages(
  client: EC2Client,
  query: ImageQuery,
  signal: AbortSignal,
): Promise<Image[]> {
  const pages = paginateDescribeImages(paging(client), query, { abortSignal: signal });
  const images = await collect(pages, ({ Images }) => Images);
  return images.filter(({ State }) => State !== 'deregistered');
}

function paging(client: EC2Client): { client: EC2Client; pageSize: number; stopOnSameToken: true } {
  return { client, pageSize: PAGE_SIZE, stopOnSameToken: true };
}

async function collect<P, T>(
  pages: AsyncIterable<P>,
  itemsOf: (page: P) => readonly T[] | undefined,
): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pages) found.push(...(itemsOf(page) ?? []));
  return found;
}
