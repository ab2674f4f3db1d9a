/** Picks TCP ports on loopback that nobody else is given in the meantime. */
import { once } from 'node:events';
import net from 'node:net';

const host = '127.0.0.1';

/**
 * A free port on 127.0.0.1 that the kernel hands to nobody else for about a minute, so that a child
 * process can bind it. A connection closed from the listener's side stays in TIME_WAIT: that keeps the
 * port out of the kernel's own choice, while an explicit bind with SO_REUSEADDR (Node, Go) still gets it.
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

/** Throws an error that says what to do when `port` cannot be bound on 127.0.0.1. */
export async function requirePortFree(port: number, whatFor: string): Promise<void> {
  const server = net.createServer();
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Error(
      `Port ${port} for ${whatFor} cannot be used: ${(error as Error).message}. ` +
        'Choose another port, or leave the port out to get a free one.',
      { cause: error },
    );
  }
  server.close();
  await once(server, 'close');
}

/** Whether somebody listens at `port` on 127.0.0.1. */
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
