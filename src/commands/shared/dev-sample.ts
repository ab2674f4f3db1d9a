/** What `fedimg dev --sample` serves: a finished compose with its message, and one more image. */

import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ComposeServer } from '../../local/compose-server/compose-server.js';
import { startComposeServer } from '../../local/compose-server/compose-server.js';
import { makeImage, writeSampleCompose } from '../../local/compose-server/sample-compose.js';
import { SERVED_BY_USER } from '../../local/config.js';
import { usageError } from './problem.js';

const RAW_SIZE_BYTES = 256 * 1024 * 1024;

/** For a shell: a status message as pungi sends it, and the URL of an image that belongs to no compose. */
export interface SampleVariables {
  readonly SAMPLE_MESSAGE: string;
  readonly SAMPLE_IMAGE: string;
}

/** Serves until the process ends, at the address that the configuration of `dev` allows. Throws a usage error when the port is in use. */
export async function serveSample(
  stateDir: string,
  { signal, now }: { readonly signal: AbortSignal; readonly now: Date },
): Promise<SampleVariables> {
  const directory = path.join(stateDir, 'composes');
  const rawDirectory = path.join(stateDir, 'raw');
  await Promise.all([directory, rawDirectory].map((one) => mkdir(one, { recursive: true })));
  const { url } = await serve(directory);
  const date = now.toISOString().slice(0, 10).replaceAll('-', '');
  const { message } = await writeSampleCompose({
    ...{ directory, rawDirectory, baseUrl: url, signal },
    composeId: `Fedora-Cloud-43-${date}.0`,
    rawSizeBytes: RAW_SIZE_BYTES,
  });
  const name = 'my-image-43-1.0.x86_64';
  const file = path.join(rawDirectory, `${name}.raw`);
  const architecture = 'x86_64';
  const image = { file, architecture, sizeBytes: RAW_SIZE_BYTES, seed: name, signal } as const;
  const compressed = await makeImage(image);
  await rename(compressed.file, path.join(directory, `${name}.raw.xz`));
  const messageFile = path.join(stateDir, 'message.json');
  await writeFile(messageFile, `${JSON.stringify(message, null, 2)}\n`);
  return { SAMPLE_MESSAGE: messageFile, SAMPLE_IMAGE: `${url}/${name}.raw.xz` };
}

async function serve(directory: string): Promise<ComposeServer> {
  const port = Number(new URL(SERVED_BY_USER).port);
  try {
    return await startComposeServer({ directory, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw usageError(
      `--sample serves its compose on port ${port}, which another program uses`,
      'End that program, or start dev without --sample and publish your own image.',
    );
  }
}
