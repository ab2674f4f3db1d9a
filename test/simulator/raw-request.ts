/** Requests as a stranger could send them: signed by hand, or not at all. */

import http from 'node:http';
import * as ec2 from '@aws-sdk/client-ec2';
import type { RequestPresigner, RequestSigner } from '@aws-sdk/types';
import type { TestCloud } from './cloud-fixture.js';
import { testCredentials } from './cloud-fixture.js';

export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/** A request as it is given, whatever is wrong with it. */
export function send(
  cloud: TestCloud,
  options: http.RequestOptions & { body?: string | Buffer } = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(cloud.url);
  return new Promise((resolve, reject) => {
    const request = http.request(
      { hostname, port, method: 'POST', path: '/', ...options },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    request.on('error', reject);
    request.end(options.body);
  });
}

export interface Signing {
  readonly service?: string;
  readonly region?: string;
  readonly headers?: Record<string, string>;
  readonly credentials?: typeof testCredentials;
  readonly date?: Date;
  readonly presign?: boolean;
}

export async function signed(
  cloud: TestCloud,
  body: string,
  signing: Signing = {},
): Promise<http.RequestOptions & { body: string }> {
  const { host } = new URL(cloud.url);
  const client = new ec2.EC2Client({
    region: 'us-east-1',
    credentials: signing.credentials ?? testCredentials,
  });
  const signer = (await client.config.signer()) as RequestSigner & RequestPresigner;
  const request = {
    method: signing.presign === true ? 'GET' : 'POST',
    protocol: 'http:',
    hostname: host,
    path: '/',
    query: signing.presign === true ? Object.fromEntries(new URLSearchParams(body)) : {},
    headers: { host, ...signing.headers },
    ...(signing.presign === true ? {} : { body }),
  };
  const options = {
    signingService: signing.service ?? 'ec2',
    signingRegion: signing.region ?? 'us-east-1',
    ...(signing.date === undefined ? {} : { signingDate: signing.date }),
  };
  if (signing.presign === true) {
    const presigned = await signer.presign(request, { ...options, expiresIn: 60 });
    const query = new URLSearchParams(presigned.query as Record<string, string>);
    return {
      method: 'GET',
      path: `/?${query.toString().replaceAll('+', '%20')}`,
      headers: presigned.headers,
      body: '',
    };
  }
  const { headers } = await signer.sign(request, options);
  return { headers, body };
}

export const describeVpcs = 'Action=DescribeVpcs&Version=2016-11-15';

export function codeOf(answer: RawAnswer): string | undefined {
  return /<Code>(.*?)<\/Code>/.exec(answer.body)?.[1];
}
