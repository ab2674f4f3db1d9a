import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendPaced } from '../../../src/local/compose-server/served-file.js';

describe('a file that is sent', () => {
  it('is closed when its reader leaves while its bytes are read', async () => {
    let ended: Promise<void> | undefined;
    const server = http.createServer((_request, response) => {
      const read = async (_at: number, length: number): Promise<Buffer> => {
        const closed = once(response, 'close');
        response.destroy();
        await closed;
        return Buffer.alloc(length);
      };
      ended = sendPaced(response, { first: 0, length: 200_000, read }, {}, () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const request = http.get({ port: (server.address() as AddressInfo).port });
      await once(request, 'error');
      await (ended ?? assert.fail('nothing was asked for'));
    } finally {
      server.close();
    }
  });
});
