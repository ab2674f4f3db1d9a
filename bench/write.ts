/** The write program of the utility instance, against `curl | xz -dc > file`: the same image and server, one after the other. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startComposeServer } from '../src/local/compose-server/compose-server.js';
import { withWriteBench } from '../test/support/write-program.js';
import type { Result, Row } from './row.js';

const MIB = 1024 * 1024;
const RAW_BYTES = 1_056 * MIB;
/** As in an installed system, a third is in use: 32 MiB of files, then a hole of 64 MiB. */
const DATA_BYTES = 32 * MIB;
const STRIDE_BYTES = 96 * MIB;
/** The machine may be busy: the better of these. */
const ROUNDS = 2;

const KINDS = [
  { variant: 'one block', threads: '-T1', goal: '<= 1.6' },
  { variant: 'many blocks', threads: '-T2', goal: '<= 1.2' },
] as const;

export default async function run(): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'fedimg-bench-write-'));
  const server = await startComposeServer({ directory });
  const rows: Row[] = [];
  try {
    const raw = await makeRaw(join(directory, 'image.raw'));
    for (const { variant, threads, goal } of KINDS) {
      const name = `${variant.replace(' ', '-')}.raw.xz`;
      await shell(`xz -1 ${threads} --stdout '${raw}' >'${join(directory, name)}'`);
      const file = await factsOf(join(directory, name));
      const url = `${server.url}/${name}`;
      const plain: number[] = [];
      const verified: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const out = join(directory, 'out');
        plain.push(
          await shell(`curl --silent --fail '${url}' | xz --decompress --stdout >'${out}'`),
        );
        await rm(out);
        verified.push(await write({ url, ...file }));
      }
      const [least, best] = [Math.min(...plain), Math.min(...verified)];
      rows.push(
        {
          figure: 'HTTP to verified volume / curl | xz',
          variant,
          value: best / least,
          unit: 'x',
          goal,
        },
        { figure: '  curl | xz -dc > file', variant, value: least, unit: 's' },
        { figure: '  write, read back, verify', variant, value: best, unit: 's' },
      );
    }
  } finally {
    await server.close();
    await rm(directory, { recursive: true, force: true });
  }
  return { rows };
}

/** A sparse file with the files of this machine. */
async function makeRaw(path: string): Promise<string> {
  const file = await open(path, 'w');
  const tar = spawn('tar', ['-C', '/usr', '-cf', '-', 'lib', 'share', 'bin'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let written = 0;
  for await (const chunk of tar.stdout as AsyncIterable<Buffer>) {
    const at = Math.floor(written / DATA_BYTES) * STRIDE_BYTES + (written % DATA_BYTES);
    if (at + chunk.length > RAW_BYTES) break;
    await file.write(chunk, 0, chunk.length, at);
    written += chunk.length;
  }
  tar.kill();
  await file.truncate(RAW_BYTES);
  await file.close();
  return path;
}

async function factsOf(path: string): Promise<{ sha256: string; compressedBytes: number }> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return { sha256: hash.digest('hex'), compressedBytes: (await stat(path)).size };
}

/** Seconds of the write program, all its checks included. */
function write(file: { url: string; sha256: string; compressedBytes: number }): Promise<number> {
  return withWriteBench(
    async ({ write: writeImage }) => {
      const beganMs = performance.now();
      const result = await writeImage({ ...file, rawBytes: RAW_BYTES });
      if (result.get('status') !== 'ok') throw new Error(result.get('message'));
      return (performance.now() - beganMs) / 1_000;
    },
    2 * 1024 * MIB,
  );
}

/** Seconds of a command line. */
async function shell(command: string): Promise<number> {
  const beganMs = performance.now();
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], { stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} ended with status ${String(code)}`);
  return (performance.now() - beganMs) / 1_000;
}
