/**
 * A snapshot that the worker writes itself, beside coldsnap: both upload the same raw file to the same local cloud. And
 * the whole write of the image's .xz (download, unpack, put, complete, read back), and the memory of a worker that does it.
 */

import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { ImageBlocks } from '../src/activities/write-direct/image-blocks.js';
import { writeDirect } from '../src/activities/write-direct/write-direct.js';
import type { ActivityContext } from '../src/activities/attempt/context.js';
import type { WriteDirectInput, WrittenSnapshot } from '../src/activities/shapes/image.js';
import { completeDirectSnapshot, ensureDirectSnapshot } from '../src/aws/ebs/direct-snapshot.js';
import { BlockWriter } from '../src/aws/ebs/put-blocks.js';
import { Aws } from '../src/aws/region-access.js';
import { PUBLISH_IMAGE_WORKFLOW } from '../src/contract.js';
import { createUrlPolicy } from '../src/fetch/url-policy.js';
import { startComposeServer } from '../src/local/compose-server/compose-server.js';
import { peakMemoryBytes } from '../src/local/processes/peak-memory.js';
import { startSimulator } from '../src/simulator/index.js';
import { builtProgram } from '../test/support/cli-program.js';
import { withPublisher } from '../test/support/local-publisher.js';
import { withOwnTemporal } from '../test/support/own-temporal.js';
import { coldsnapProgram } from '../test/simulator/ebs/coldsnap.js';

interface Row {
  readonly figure: string;
  readonly variant: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: string;
}

interface Measured {
  readonly seconds: number;
  readonly snapshot: string;
}

const REGION = 'us-east-1';
const MIB = 1024 ** 2;
const SELF = fileURLToPath(import.meta.url);
const ROUNDS = 3;
/** Of the raw file; three quarters of its blocks hold data. */
const RAW_MIB = Number(process.env['FEDIMG_BENCH_MIB'] ?? 1024);
/** Of the images of the memory's figure: its size must not matter. */
const SIZES_MIB = [RAW_MIB, 4 * RAW_MIB];

const run = promisify(execFile);

export default async function bench(): Promise<{ rows: Row[] }> {
  const program = await coldsnapProgram();
  const directory = await mkdtemp(join(tmpdir(), 'fedimg-bench-direct-'));
  const simulator = await startSimulator({
    stateDir: join(directory, 'cloud'),
    latency: 'instant',
    credentials: { accessKeyId: 'AKIABENCHBENCHBENCH1', secretAccessKey: 'secret' },
  });
  const server = await startComposeServer({ directory });
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: simulator.url,
    AWS_ACCESS_KEY_ID: simulator.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: simulator.credentials.secretAccessKey,
    AWS_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const child = async (...words: readonly string[]): Promise<Measured> => {
    const { stdout } = await run(process.execPath, ['--import', 'tsx', SELF, ...words], { env });
    const measured = JSON.parse(stdout) as Measured;
    await forget(measured.snapshot);
    return measured;
  };
  const forget = async (id: string): Promise<void> => {
    await rm(join(directory, 'cloud', 'snapshots', `${id}.img`), { force: true });
  };
  const coldsnap = async (...words: readonly string[]): Promise<Measured> => {
    const began = performance.now();
    const { stdout } = await run(program, ['upload', '--no-progress', ...words], { env });
    const seconds = (performance.now() - began) / 1000;
    await forget(stdout.trim());
    return { seconds, snapshot: stdout.trim() };
  };
  try {
    const raw = await makeRaw(join(directory, 'image.raw'), RAW_MIB, 0.75);
    await run('xz', ['-0', '-T0', '-k', raw]);
    const variants: Record<string, () => Promise<Measured>> = {
      'ebs-direct upload': () => child('upload', raw),
      'coldsnap upload --omit-zero-blocks': () => coldsnap('--omit-zero-blocks', raw),
      'coldsnap upload': () => coldsnap(raw),
      'ebs-direct, .xz to verified snapshot': () =>
        child('write', `${server.url}/image.raw.xz`, raw),
    };
    const results = await rounds(variants);
    const memory: Row[] = [];
    for (const mebibytes of SIZES_MIB) memory.push(await workerMemory(mebibytes));
    return { rows: [...table(results), ...memory] };
  } finally {
    await server.close();
    await simulator.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** One after the other, several times: what else the machine does meanwhile meets all of them. */
async function rounds(
  variants: Readonly<Record<string, () => Promise<Measured>>>,
): Promise<ReadonlyMap<string, readonly Measured[]>> {
  const results = new Map<string, Measured[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, measure] of Object.entries(variants)) {
      results.set(name, [...(results.get(name) ?? []), await measure()]);
    }
  }
  return results;
}

function table(results: ReadonlyMap<string, readonly Measured[]>): Row[] {
  const seconds = (name: string): number =>
    median((results.get(name) ?? []).map((one) => one.seconds));
  const [own = '', sparse = '', all = ''] = [...results.keys()];
  const ratio = (variant: string, value: number): Row => ({
    ...{ figure: 'ebs-direct / coldsnap', variant, value, unit: 'x', goal: '<= 1.0' },
  });
  const name = `${RAW_MIB} MiB raw`;
  return [
    ratio(`${name}, both without zero blocks`, seconds(own) / seconds(sparse)),
    ratio(`${name}, coldsnap as it is by default`, seconds(own) / seconds(all)),
    ...[...results.keys()].map((variant) => ({
      ...{ figure: '  median time', variant, value: seconds(variant), unit: 's' },
    })),
  ];
}

/** The peak of a real worker process that publishes an image of this size, a quarter of it data. */
async function workerMemory(mebibytes: number): Promise<Row> {
  const tables = ['[write]', 'strategy = "ebs-direct"'];
  const publish = [`regions = ["${REGION}"]`];
  const value = await withOwnTemporal((temporal) =>
    withPublisher({ publish, tables, temporal, worker: false }, async (publisher) => {
      const { images, composeId } = await publisher.compose({
        architectures: ['x86_64'],
        rawSizeBytes: mebibytes * MIB,
        dataBytes: (mebibytes / 4) * MIB,
        // Images of tests are kept in a folder that only a suite has.
        makeImage: undefined,
      });
      const [image] = images;
      if (image === undefined) throw new TypeError('a compose without an image');
      const worker = spawn(
        process.execPath,
        [...builtProgram(), 'worker', '--config', publisher.configFile],
        {
          env: publisher.env,
          stdio: 'ignore',
        },
      );
      try {
        const request = { composeId, release: '43', image: { ...image, arch: 'x86_64' as const } };
        const { client } = temporal;
        const handle = await client.workflow.start(PUBLISH_IMAGE_WORKFLOW, {
          ...{ taskQueue: publisher.taskQueue, workflowId: `bench/${mebibytes}` },
          args: [{ request }],
        });
        await handle.result();
        return ((await peakMemoryBytes(worker.pid ?? 0)) ?? Number.NaN) / MIB;
      } finally {
        worker.kill();
      }
    }),
  );
  const variant = `${mebibytes} MiB raw`;
  return { figure: 'memory of the worker', variant, value, unit: 'MiB', goal: '< 300' };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs of data and of zeros, as in the image of a distribution. */
async function makeRaw(file: string, mebibytes: number, share: number): Promise<string> {
  const handle = await open(file, 'w');
  await handle.truncate(mebibytes * MIB);
  const piece = 16;
  for (let at = 0; at < mebibytes; at += piece) {
    const data = randomBytes(Math.round(piece * share * MIB));
    await handle.write(data, 0, data.length, at * MIB);
  }
  await handle.close();
  return file;
}

/** What the children of the bench do, each in a process of its own. */
async function act([kind, ...words]: readonly string[]): Promise<void> {
  if (kind === 'memory') return console.table([await workerMemory(Number(words[0]))]);
  const aws = new Aws();
  const began = performance.now();
  const snapshot = kind === 'upload' ? await upload(aws, words) : await write(aws, words);
  const seconds = (performance.now() - began) / 1000;
  aws.destroy();
  console.log(JSON.stringify({ seconds, snapshot } satisfies Measured));
}

async function upload(aws: Aws, [file = '']: readonly string[]): Promise<string> {
  const ec2 = aws.region(REGION);
  const { signal } = new AbortController();
  const sizeGiB = Math.ceil((await stat(file)).size / 1024 ** 3);
  const token = randomBytes(16).toString('hex');
  const request = { token, key: {}, tags: {}, description: 'bench', sizeGiB, idleMinutes: 60 };
  const snapshot = await ensureDirectSnapshot(ec2, request, signal);
  const writer = new BlockWriter(ec2, snapshot, signal);
  const blocks = new ImageBlocks(writer, 0);
  await eachPiece(file, (piece) => blocks.take(piece));
  const written = await blocks.finish();
  await completeDirectSnapshot(ec2, snapshot, written, signal);
  return snapshot;
}

/** With one buffer for the whole file: the garbage of a stream is not a part of the write path. */
async function eachPiece(file: string, take: (piece: Buffer) => Promise<void>): Promise<void> {
  const handle = await open(file);
  try {
    const buffer = Buffer.allocUnsafeSlow(MIB);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      await take(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

async function write(aws: Aws, [url = '', file = '']: readonly string[]): Promise<string> {
  const rawSizeBytes = (await stat(file)).size;
  const names = { composeId: 'bench', release: '1', image: 'bench', arch: 'x86_64' };
  const ids = { workflowId: 'bench', runId: randomBytes(16).toString('hex') };
  const where = { cluster: 'bench', namespace: 'bench', deployment: 'bench' };
  const input: WriteDirectInput = {
    ...{ origin: { ...names, ...ids, ...where }, regionName: REGION, generation: 0 },
    direct: { snapshotSizeGiB: Math.ceil(rawSizeBytes / 1024 ** 3), idleMinutes: 60 },
    ...{ url, sha256: undefined, rawSizeBytes, minRateBytesPerSecond: 0 },
  };
  const urlPolicy = createUrlPolicy({ allow: [new URL('/', url).href] });
  const context = { aws, clock: aws.clock, urlPolicy } as ActivityContext;
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const { snapshot } = await environment.run<[], WrittenSnapshot, () => Promise<WrittenSnapshot>>(
    () => writeDirect(context, input),
  );
  return snapshot;
}

const [, script, ...words] = process.argv;
if (script === SELF && words.length > 0) await act(words);
else if (script === SELF) console.table((await bench()).rows);
