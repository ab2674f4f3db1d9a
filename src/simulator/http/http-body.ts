/** Reads request bodies up to a limit. */

import type { IncomingMessage } from 'node:http';
import { CloudError } from '../errors.js';

/** EC2's largest parameters are 16 KB and SSM's documents 64 KB; this leaves room for every list between. */
export const bodyBytesMax = 1024 * 1024;

/** The whole body; refuses a larger one without reading it to the end. Rejects when the client goes away. */
export function readBody(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const refuse = (): void => {
      message.removeAllListeners('data');
      message.resume();
      reject(
        new CloudError(
          'RequestEntityTooLarge',
          `The request body is larger than ${bodyBytesMax} bytes.`,
          413,
        ),
      );
    };
    if (Number(message.headers['content-length'] ?? 0) > bodyBytesMax) return refuse();
    message.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > bodyBytesMax) refuse();
      else chunks.push(chunk);
    });
    message.on('end', () => resolve(Buffer.concat(chunks)));
    message.on('error', reject);
    message.on('close', () => {
      if (!message.complete) reject(new Error('the client went away before its request was whole'));
    });
  });
}
