/** Named pipes through which a guest talks to the simulator: its console, and what its tools ask for. */

import { execFile } from 'node:child_process';
import { constants, openSync, promises as fs } from 'node:fs';
import net from 'node:net';
import { promisify } from 'node:util';

import { requireHostTool } from './host-tools.js';

export interface Fifo {
  close(): void;
}

/** Makes named pipes; existing files of those names are replaced. */
export async function makeFifos(paths: readonly string[]): Promise<void> {
  for (const file of paths) await fs.rm(file, { force: true });
  await promisify(execFile)(requireHostTool('mkfifo'), ['-m', '600', ...paths]);
}

/** Reads a named pipe for as long as the guest lives. */
export function readFifo(file: string, onText: (text: string) => void): Fifo {
  // Opened for writing as well: otherwise each writer that closes it would look like its end.
  const descriptor = openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
  const socket = new net.Socket({ fd: descriptor, readable: true, writable: false });
  socket.setEncoding('utf8');
  socket.on('data', (text) => onText(text.toString()));
  socket.on('error', () => undefined);
  socket.unref();
  return { close: () => socket.destroy() };
}
