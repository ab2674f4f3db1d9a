/** What `fedimg dev` prints when its stack runs: addresses on stderr, variables for a shell on stdout. */

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SERVED_BY_USER } from '../../local/config.js';
import { exportLines, temporalPathLine } from '../../local/environment.js';
import { noteKeptTroubles } from '../../local/kept-troubles.js';
import type { LocalStack } from '../../local/stack.js';
import type { DevConfig } from '../shared/dev-config.js';
import type { Terminal } from './terminal.js';

/** Also writes the variables to `dev.env` in the state folder. */
export async function reportDev(
  terminal: Terminal,
  { temporal, simulatorUrl, variables }: LocalStack,
  { stateDir, config }: { readonly stateDir: string; readonly config: DevConfig },
): Promise<void> {
  const lines = [
    ...exportLines({ ...variables, FEDIMG_CONFIG: config.file }),
    ...temporalPathLine(temporal.cli, process.env),
  ];
  const envFile = path.join(stateDir, 'dev.env');
  await writeFile(envFile, `${lines.join('\n')}\n`, { mode: 0o600 });
  const written = config.own ? ' (written by dev; change it and start dev again)' : '';
  terminal.note(`
fedimg dev is running; Ctrl-C ends all of it.
  Temporal       ${temporal.address}
  Temporal UI    ${temporal.uiUrl ?? 'unknown: dev did not start this server'}
  EC2 and SSM    ${simulatorUrl}
  Configuration  ${config.file}${written}
  State, logs    ${stateDir}

In other terminals, for fedimg, the AWS CLI and temporal (or: source ${envFile}):`);
  terminal.result(lines.join('\n'));
  terminal.note(`
For something to publish: fedimg sample
To publish a compose or a .raw.xz that is served on this machine, allow its URL in [source]:
  allow = ["${SERVED_BY_USER}"]
  fedimg publish ${SERVED_BY_USER}disk.raw.xz --arch x86_64 --watch`);
  await noteKeptTroubles(simulatorUrl, terminal.note);
}
