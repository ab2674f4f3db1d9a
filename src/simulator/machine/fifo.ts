/** Named pipes through which a guest talks to the simulator: its console, and what its tools ask for. */

import { constants, openSync } from 'node:fs';
import net from 'node:net';

export interface Fifo {
  close(): void;
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
