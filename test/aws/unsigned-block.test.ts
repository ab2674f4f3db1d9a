import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PutSnapshotBlockCommand, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { BLOCK_BYTES, sha256 } from '../../src/aws/ebs/blocks.js';
import { Aws, AWS_DEFAULTS } from '../../src/aws/region-access.js';
import { testCredentials as credentials } from '../simulator/cloud-fixture.js';

describe('the data of a block', () => {
  it('is not hashed once more for the signature, which covers its checksum instead', async () => {
    const sent: IncomingHttpHeaders[] = [];
    const server = createServer((message, response) => {
      sent.push(message.headers);
      message.resume().on('end', () => response.writeHead(201).end('{}'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const aws = new Aws(AWS_DEFAULTS, { endpoint, credentials });
    try {
      const { ebs } = aws.region('us-east-1');
      await ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }));
      const BlockData = Buffer.alloc(BLOCK_BYTES, 'x');
      const Checksum = sha256(BlockData).toString('base64');
      await ebs.send(
        new PutSnapshotBlockCommand({
          ...{ SnapshotId: 'snap-1', BlockIndex: 0, DataLength: BLOCK_BYTES, BlockData },
          ...{ Checksum, ChecksumAlgorithm: 'SHA256' },
        }),
      );
      const [start, put] = sent;
      assert.match(String(start?.['x-amz-content-sha256']), /^[0-9a-f]{64}$/);
      assert.equal(put?.['x-amz-content-sha256'], 'UNSIGNED-PAYLOAD');
      assert.equal(put['x-amz-checksum'], Checksum);
      const signed = /SignedHeaders=([^,]+)/.exec(put.authorization ?? '')?.[1]?.split(';') ?? [];
      assert(signed.includes('x-amz-checksum'), signed.join(' '));
      assert(signed.includes('x-amz-content-sha256'), signed.join(' '));
    } finally {
      aws.destroy();
      server.close();
    }
  });
});
