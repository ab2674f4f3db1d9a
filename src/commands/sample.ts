/** `fedimg sample`: a compose with two images that boot, and its message, served on this machine for `fedimg dev`. */

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import type { ComposeServer } from '../local/compose-server/compose-server.js';
import { startComposeServer } from '../local/compose-server/compose-server.js';
import type { SampleCompose } from '../local/compose-server/sample-compose.js';
import { writeSampleCompose } from '../local/compose-server/sample-compose.js';
import { SERVED_BY_USER } from '../local/config.js';
import { requireTools } from '../local/processes/tools.js';
import { shellQuoted } from './shared/again.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT } from './shared/exit-codes.js';
import { parsePort, terminalOf } from './shared/options.js';
import { CommandError } from './shared/problem.js';
import type { Terminal } from './view/terminal.js';

interface SampleOptions {
  readonly port: number;
}

/** The port that the configuration of `fedimg dev` allows. */
const PORT = Number(new URL(SERVED_BY_USER).port);
const MIB = 1024 * 1024;

export function createCommand(): Command {
  const command = new Command('sample')
    .argument('[dir]', 'the folder of the compose; it is made when it does not exist', 'sample')
    .option('--port <port>', 'on 127.0.0.1; 0 takes a free one', parsePort, PORT);
  withHelp(command, {
    examples: [
      'fedimg sample',
      'fedimg compose signal sample/message.json --watch   # in another terminal',
    ],
    notes: `Writes a pungi compose with images of 64 MiB for both architectures, and message.json, and serves them until Ctrl-C.
The configuration of \`fedimg dev\` allows ${SERVED_BY_USER}; another port must be in [source] allow.`,
  });
  command.action(async (folder: string, options: SampleOptions) => {
    await run(terminalOf(command), folder, options);
    finish(EXIT.done);
  });
  return command;
}

async function run(terminal: Terminal, folder: string, { port }: SampleOptions): Promise<void> {
  await requireTools(['xz']);
  const served = path.join(folder, 'composes');
  await mkdir(served, { recursive: true });
  const server = await serve(served, port);
  try {
    const compose = await writeSampleCompose({
      directory: served,
      rawDirectory: path.join(folder, 'raw'),
      composeId: composeIdOf(new Date()),
      baseUrl: server.url,
      rawSizeBytes: 64 * MIB,
    });
    const message = path.join(folder, 'message.json');
    await writeFile(message, `${JSON.stringify(compose.message, null, 2)}\n`);
    report(terminal, compose, message);
    await stopSignal();
  } finally {
    await server.close();
  }
}

async function serve(directory: string, port: number): Promise<ComposeServer> {
  try {
    return await startComposeServer({ directory, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const what = `another program listens on 127.0.0.1:${port}`;
    const next =
      'Stop it, or take another port: fedimg sample --port 0, with its URL in [source] allow.';
    throw new CommandError({ what, next, exitCode: EXIT.usage }, { cause: error });
  }
}

/** One a day, as nightly composes are. */
function composeIdOf(now: Date): string {
  return `Fedora-Cloud-43-${now.toISOString().slice(0, 10).replaceAll('-', '')}.0`;
}

function report(terminal: Terminal, { location, images }: SampleCompose, message: string): void {
  const file = shellQuoted(message);
  terminal.result(file);
  terminal.note(`Compose: ${location}`);
  for (const { url } of images) terminal.note(`Image:   ${url}`);
  const [image] = images;
  terminal.note(`
It is served until Ctrl-C. In another terminal, with the variables of \`fedimg dev\`:
  fedimg plan ${file}
  fedimg compose signal ${file} --watch`);
  if (image === undefined) return;
  terminal.note(`or one image alone:
  fedimg publish ${image.url} --arch ${image.architecture} --sha256 ${image.sha256} --watch`);
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => resolve());
  });
}
