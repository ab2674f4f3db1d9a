/** Temporal's command line by the SDK's own download: bounded, which the SDK itself is not. */
import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortReason, lastLines } from '../processes/run-command.js';
import type { TemporalDownload } from './download.js';
import { temporalCliVersion } from './download.js';
import { environmentWithoutTemporal } from './environment.js';

/**
 * The SDK downloads only on the way to starting a server, blocks without any time-out, and cannot be
 * interrupted. So it does so in a process of its own, which is ended when nothing arrives.
 */
const script = `
const [testing, downloadDir, version] = process.argv.slice(1);
const { TestWorkflowEnvironment } = await import(testing);
process.stdout.write('loaded\\n');
try {
  const executable = { type: 'cached-download', downloadDir, version, ttl: '365 days' };
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await environment.teardown();
} catch (error) {
  process.stderr.write(String(error?.message ?? error).split(': ').slice(-2).join(': ') + '\\n');
  process.exitCode = 1;
}
`;

/** Loading the SDK takes a second; on a busy machine several. */
const loadLimitMs = 20_000;
/** From there to the first byte of the archive: where the host cannot be reached, time is only lost. */
const connectLimitMs = 5_000;
const stallLimitMs = 15_000;
const totalLimitMs = 180_000;
const pollMs = 100;

/** Throws when the download does not begin within 5 s, stalls for 15 s or takes more than 3 minutes. */
export const downloadThroughSdk: TemporalDownload = async (folder, { env, signal }) => {
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      script,
      '--',
      import.meta.resolve('@temporalio/testing'),
      folder,
      `v${temporalCliVersion}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: environmentWithoutTemporal(env) },
  );
  let loadedAt: number | undefined;
  let complaints = '';
  let ended = false;
  const end = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  }).then(() => {
    ended = true;
  });
  child.stdout.once('data', () => (loadedAt = Date.now()));
  child.stderr.on(
    'data',
    (chunk: Buffer) => (complaints = (complaints + chunk.toString()).slice(-4096)),
  );

  const startedAt = Date.now();
  const progress = { bytes: 0, at: 0 };
  let tooLong: string | undefined;
  try {
    while (!ended && tooLong === undefined) {
      if (signal?.aborted) throw abortReason(signal);
      await Promise.race([sleep(pollMs), end]);
      const bytes = await bytesIn(folder);
      if (bytes > progress.bytes) Object.assign(progress, { bytes, at: Date.now() });
      tooLong = overdue({ startedAt, loadedAt, progress });
    }
  } finally {
    child.kill('SIGKILL');
    await end;
  }
  // The SDK renames the file when it is whole; that its server then failed to start does not matter.
  const name = (await readdir(folder)).find((entry) => !entry.endsWith('.downloading'));
  if (name !== undefined) return path.join(folder, name);
  throw new Error(tooLong ?? (lastLines(complaints, 2) || 'it ended without a file'));
};

function overdue(at: {
  startedAt: number;
  loadedAt: number | undefined;
  progress: { bytes: number; at: number };
}): string | undefined {
  const now = Date.now();
  if (at.loadedAt === undefined) {
    return now - at.startedAt > loadLimitMs ? 'the SDK did not load' : undefined;
  }
  if (at.progress.bytes === 0) {
    return now - at.loadedAt > connectLimitMs
      ? `no byte within ${connectLimitMs / 1000} s: its host cannot be reached from here`
      : undefined;
  }
  if (now - at.progress.at > stallLimitMs) return `no byte for ${stallLimitMs / 1000} s`;
  if (now - at.startedAt > totalLimitMs) return `not done within ${totalLimitMs / 1000} s`;
  return undefined;
}

async function bytesIn(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (entry) => {
    const found = await stat(path.join(folder, entry)).catch(() => undefined);
    return found?.size ?? 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
