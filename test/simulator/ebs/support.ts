/** EBS direct APIs for tests: a client of the local cloud, blocks, and a whole snapshot. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as ebs from '@aws-sdk/client-ebs';
import type { TestCloud } from '../cloud-fixture.js';
import { idOf, testCredentials } from '../cloud-fixture.js';

export const blockBytes = 524_288;

const clients: ebs.EBSClient[] = [];

/** Closed by `closeEbsClients`. */
export function ebsOf(cloud: TestCloud, region = 'us-east-1'): ebs.EBSClient {
  const client = new ebs.EBSClient({
    region,
    endpoint: cloud.url,
    credentials: testCredentials,
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
}

export function closeEbsClients(): void {
  for (const client of clients.splice(0)) client.destroy();
}

/** A whole block of that text and zeros. */
export function blockOf(text: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.write(text);
  return block;
}

export function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

export async function startOf(
  client: ebs.EBSClient,
  input: Partial<ebs.StartSnapshotCommandInput> = {},
): Promise<string> {
  const { SnapshotId: id } = await client.send(
    new ebs.StartSnapshotCommand({ VolumeSize: 1, ...input }),
  );
  return idOf(id);
}

export function put(
  client: ebs.EBSClient,
  SnapshotId: string,
  BlockIndex: number,
  data: Buffer,
  changed: Partial<ebs.PutSnapshotBlockCommandInput> = {},
): Promise<ebs.PutSnapshotBlockCommandOutput> {
  return client.send(
    new ebs.PutSnapshotBlockCommand({
      SnapshotId,
      BlockIndex,
      BlockData: data,
      DataLength: blockBytes,
      Checksum: sha256(data).toString('base64'),
      ChecksumAlgorithm: 'SHA256',
      ...changed,
    }),
  );
}

/** The checksum of the whole snapshot from its written blocks, in the order of their indexes. */
export function linearChecksum(blocks: readonly Buffer[]): string {
  return sha256(Buffer.concat(blocks.map(sha256))).toString('base64');
}

export function complete(
  client: ebs.EBSClient,
  SnapshotId: string,
  ChangedBlocksCount: number,
  checksum?: string,
): Promise<ebs.CompleteSnapshotCommandOutput> {
  return client.send(
    new ebs.CompleteSnapshotCommand({
      SnapshotId,
      ChangedBlocksCount,
      ...(checksum === undefined
        ? {}
        : {
            Checksum: checksum,
            ChecksumAlgorithm: 'SHA256',
            ChecksumAggregationMethod: 'LINEAR',
          }),
    }),
  );
}

/** A completed snapshot with those blocks. */
export async function written(
  client: ebs.EBSClient,
  blocks: Readonly<Record<number, string>>,
  input: Partial<ebs.StartSnapshotCommandInput> = {},
): Promise<string> {
  const id = await startOf(client, input);
  const entries = Object.entries(blocks);
  for (const [index, text] of entries) await put(client, id, Number(index), blockOf(text));
  await complete(client, id, entries.length);
  return id;
}

export async function list(
  client: ebs.EBSClient,
  SnapshotId: string,
  input: Partial<ebs.ListSnapshotBlocksCommandInput> = {},
): Promise<ebs.ListSnapshotBlocksCommandOutput> {
  return client.send(new ebs.ListSnapshotBlocksCommand({ SnapshotId, ...input }));
}

/** Of every page. */
export async function allBlocks(client: ebs.EBSClient, id: string): Promise<ebs.Block[]> {
  const blocks: ebs.Block[] = [];
  let token: string | undefined;
  do {
    const page = await list(client, id, { NextToken: token });
    blocks.push(...(page.Blocks ?? []));
    token = page.NextToken;
  } while (token !== undefined);
  return blocks;
}

export async function indexesOf(client: ebs.EBSClient, id: string): Promise<unknown[]> {
  return (await allBlocks(client, id)).map(({ BlockIndex }) => BlockIndex);
}

export async function read(
  client: ebs.EBSClient,
  SnapshotId: string,
  { BlockIndex, BlockToken }: ebs.Block,
): Promise<Buffer> {
  const answer = await client.send(
    new ebs.GetSnapshotBlockCommand({ SnapshotId, BlockIndex, BlockToken }),
  );
  assert.equal(answer.DataLength, blockBytes);
  const data = Buffer.from((await answer.BlockData?.transformToByteArray()) ?? []);
  assert.equal(answer.Checksum, sha256(data).toString('base64'));
  return data;
}

/** The `Reason` of the refusal, whose code must be that one. */
export async function reasonOf(code: string, call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof ebs.EBSServiceException, String(error));
    assert.equal(error.name, code, error.message);
    return (error as { Reason?: string }).Reason;
  }
  throw new assert.AssertionError({ message: `the call must be refused with ${code}` });
}
