/** The write program of the utility instance, run on this machine against a file that stands for the volume. */

import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';

const PROGRAM = fileURLToPath(new URL('../../src/guest/write-image.sh', import.meta.url));

export interface WriteArguments {
  readonly url: string;
  readonly sha256?: string;
  readonly compressedBytes?: number;
  readonly rawBytes?: number;
  readonly minRate?: number;
}

export interface WriteBench {
  /** The unit's own folder: the download, the logs, the result. */
  readonly state: string;
  readonly volume: string;
  /** Puts a program of this name in front of the machine's own; the text is for bash. */
  readonly shim: (name: string, text: string) => Promise<void>;
  /** Runs it to its end; the key=value lines of its result. */
  readonly write: (args: WriteArguments) => Promise<ReadonlyMap<string, string>>;
}

const VOLUME_ID = 'vol-0123456789abcdef0';
export const VOLUME_BYTES = 64 * 1024 * 1024;

export async function withWriteBench<T>(
  body: (bench: WriteBench) => Promise<T>,
  volumeBytes = VOLUME_BYTES,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'fedimg-test-write-'));
  const [state, tools] = [join(directory, 'state'), join(directory, 'tools')];
  const volume = join(directory, 'volume');
  try {
    await mkdir(state);
    await mkdir(tools);
    const blank = await open(volume, 'w');
    await blank.truncate(volumeBytes);
    await blank.close();
    const shim = async (name: string, text: string) => {
      await writeFile(join(tools, name), `#!/bin/bash\n${text}\n`);
      await chmod(join(tools, name), 0o755);
    };
    await shim('lsblk', `[[ $* != *SERIAL* ]] || echo '${volume} ${VOLUME_ID.replace('-', '')}'`);
    await shim('blockdev', `[ "$1" = --flushbufs ] || stat -c %s '${volume}'`);
    // The pauses between two tries are not what is looked at.
    await shim('sleep', 'exec /bin/sleep 0.05');
    const run = async (args: WriteArguments) => {
      const { url, sha256, compressedBytes, rawBytes, minRate } = args;
      const child = spawn(
        'bash',
        [
          PROGRAM,
          state,
          VOLUME_ID,
          `${volumeBytes}`,
          url,
          sha256 ?? '-',
          `${compressedBytes ?? '-'}`,
          `${rawBytes ?? '-'}`,
          `${minRate ?? 0}`,
        ],
        {
          stdio: ['ignore', 'ignore', 'pipe'],
          env: { PATH: `${tools}:${process.env['PATH'] ?? ''}` },
        },
      );
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
      await once(child, 'close');
      const result = await readFile(join(state, 'result'), 'utf8').catch(() => {
        throw new Error(`the program left no result: ${said}`);
      });
      const lines = result.trimEnd().split('\n');
      return new Map(
        lines.map((line): [string, string] => {
          const at = line.indexOf('=');
          return [line.slice(0, at), line.slice(at + 1)];
        }),
      );
    };
    return await body({ state, volume, shim, write: run });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
