/** Temporal's command line by the SDK's own download, with the time limits that the SDK lacks. */
import type { ChildProcess } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { abortReason, lastLines } from '../processes/run-command.js';
import type { TemporalDownload } from './download.js';
import { temporalCliVersion } from './download.js';
import { environmentWithoutTemporal } from './environment.js';

/**
 * The SDK downloads only while it starts a server, blocks without a time limit, and cannot be
 * interrupted. So it runs in a process of its own, which is killed when no bytes arrive.
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

/** How long each phase may stay silent, and what its silence means. */
const phases = {
  // Loading the SDK takes a second; on a busy machine several.
  loading: { silenceMaxMs: 20_000, problem: 'the SDK did not load' },
  connecting: { silenceMaxMs: 5_000, problem: 'its host cannot be reached from here' },
  downloading: { silenceMaxMs: 15_000, problem: 'the download stopped' },
};
const totalLimitMs = 180_000;
const pollMs = 100;

/** Throws when the download does not begin within 5 s, stalls for 15 s or takes more than 3 minutes. */
export const downloadThroughSdk: TemporalDownload = async (folder, { env, signal }) => {
  const args = ['--input-type=module', '-e', script, '--'];
  args.push(import.meta.resolve('@temporalio/testing'), folder, `v${temporalCliVersion}`);
  const child = execa(process.execPath, args, {
    stdin: 'ignore',
    env: environmentWithoutTemporal(env),
    extendEnv: false,
    timeout: totalLimitMs,
    killSignal: 'SIGKILL',
    reject: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  const [{ timedOut, stderr }, silence] = await Promise.all([child, killWhenSilent(child, folder)]);
  if (signal?.aborted) throw abortReason(signal);
  // The SDK renames the file when it is whole; that its server then failed to start does not matter.
  const name = (await readdir(folder)).find((entry) => !entry.endsWith('.downloading'));
  if (name !== undefined) return path.join(folder, name);
  if (timedOut) throw new Error(`not done within ${totalLimitMs / 1000} s`);
  throw new Error(silence ?? (lastLines(stderr ?? '', 2) || 'the SDK ended without a file'));
};

/** Returns when the child has ended; with the reason when this function killed it. */
async function killWhenSilent(child: ChildProcess, folder: string): Promise<string | undefined> {
  const news = { phase: 'loading' as keyof typeof phases, bytes: 0, atMs: Date.now() };
  child.stdout?.once('data', () => Object.assign(news, { phase: 'connecting', atMs: Date.now() }));
  while (child.exitCode === null && child.signalCode === null) {
    await sleep(pollMs);
    const bytes = await bytesIn(folder);
    if (bytes > news.bytes) Object.assign(news, { phase: 'downloading', bytes, atMs: Date.now() });
    const { silenceMaxMs, problem } = phases[news.phase];
    if (Date.now() - news.atMs <= silenceMaxMs) continue;
    child.kill('SIGKILL');
    return `no answer for ${silenceMaxMs / 1000} s: ${problem}`;
  }
  return undefined;
}

async function bytesIn(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (entry) => {
    const found = await stat(path.join(folder, entry)).catch(() => undefined);
    return found?.size ?? 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
