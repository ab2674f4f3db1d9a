/** Picks free TCP ports on loopback and checks whether a port is in use. */
import { once } from 'node:events';
import net from 'node:net';

const host = '127.0.0.1';

/**
 * A free port on 127.0.0.1, reserved for about a minute so that a child process can bind it. A
 * connection that the listener closes stays in TIME_WAIT: the kernel then gives the port to no other
 * program that asks for a free one, but an explicit bind with SO_REUSEADDR (Node, Go) still succeeds.
 */
export async function reserveFreePort(): Promise<number> {
  const server = net.createServer((socket) => socket.end());
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const client = net.connect(port, host);
  client.resume();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
  return port;
}

/** Throws when `port` cannot be bound on 127.0.0.1; the message says what to do. */
export async function requirePortFree(port: number, whatFor: string): Promise<void> {
  const server = net.createServer();
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Error(
      `Port ${port} for ${whatFor} cannot be used: ${(error as Error).message}. ` +
        'Choose another port, or omit the port to get a free one.',
      { cause: error },
    );
  }
  server.close();
  await once(server, 'close');
}

/** `port` when it is free on 127.0.0.1, else another free one. */
export async function preferPort(port: number): Promise<number> {
  try {
    await requirePortFree(port, 'the local stack');
    return port;
  } catch {
    return reserveFreePort();
  }
}

/** Whether a program listens on `port` of 127.0.0.1. */
export async function isListening(port: number): Promise<boolean> {
  const socket = net.connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
