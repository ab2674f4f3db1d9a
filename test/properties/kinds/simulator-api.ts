/** What a stranger on this machine sends to the local cloud's API: forms, JSON, signatures. */

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { readApiRequest } from '../../../src/simulator/http/api-request.js';
import { ec2Actions } from '../../../src/simulator/ec2/actions.js';
import { CloudError } from '../../../src/simulator/errors.js';
import { decodeForm, nestParameters } from '../../../src/simulator/http/query-protocol.js';
import { SignatureError } from '../../../src/simulator/http/signature-claim.js';
import { verifySignature } from '../../../src/simulator/http/sigv4.js';
import { ec2Service } from '../../../src/simulator/ec2/service.js';
import { signatureSkewMs } from '../../../src/simulator/http/sigv4.js';
import { openSsmBench } from '../../simulator/ssm/support.js';
import { KEYS, withFreshClouds } from '../fresh-clouds.js';
import { hostileForm } from '../hostile-forms.js';
import { hostileJsonText, hostileValue, poisonedJson } from '../hostile-json.js';
import { around, hostileKey } from '../hostile-text.js';
import { inputKind, verdictOf } from '../input-kind.js';

const ec2Forms = inputKind({
  name: 'ec2-form',
  title: 'a form that EC2 would refuse ends the local cloud, or makes it answer with broken XML',
  weight: 8,
  input: hostileForm,
  open: () =>
    withFreshClouds<string>(500, (cloud, form) =>
      verdictOf(
        async () => {
          const parameters = nestParameters(decodeForm(form));
          const action = parameters.get('Action');
          const handler = typeof action === 'string' ? ec2Actions.get(action) : undefined;
          if (handler === undefined || typeof action !== 'string')
            throw new CloudError('InvalidAction', 'no action');
          parameters.delete('Action');
          const fields = await handler.run(
            { cloud, region: 'us-east-1', action, changed: [], resources: [] },
            parameters,
          );
          return ec2Service.protocol.writeAnswer({ action, requestId: 'id', fields });
        },
        (error) => {
          if (!(error instanceof CloudError)) return false;
          assertXml(ec2Service.protocol.writeError(error, 'id'));
          return error.status >= 400 && error.status < 500;
        },
        assertXml,
      ),
    ),
});

/** XML 1.0: every parser accepts it, and all its elements were written as such. */
function assertXml(body: string): void {
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(body, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u);
  const open: string[] = [];
  for (const [, close, name = ''] of body
    .replace(/^<\?[^>]*\?>/, '')
    .matchAll(/<(\/?)(\w+)[^>]*>/g)) {
    if (close === '/') assert.equal(open.pop(), name);
    else open.push(name);
  }
  assert.deepEqual(open, []);
}

const SSM_BODIES = {
  SendCommand: {
    DocumentName: 'AWS-RunShellScript',
    InstanceIds: ['i-0123456789abcdef0'],
    Comment: 'x',
    TimeoutSeconds: 60,
    Parameters: { commands: ['true'], executionTimeout: ['60'] },
  },
  ListCommandInvocations: {
    CommandId: '01234567-0123-4123-8123-0123456789ab',
    Filters: [{ key: 'InvokedAfter', value: '2026-01-01T00:00:00Z' }],
    MaxResults: 50,
  },
  DescribeInstanceInformation: {
    Filters: [{ Key: 'InstanceIds', Values: ['i-0123456789abcdef0'] }],
    NextToken: 'x',
  },
  GetParameter: { Name: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64' },
  PutParameter: { Name: '/a/b', Value: 'x', Type: 'String', Tags: [{ Key: 'a', Value: 'b' }] },
} as const;

const ssmBodies = inputKind({
  name: 'ssm-json',
  title: 'JSON that SSM would refuse ends the local cloud, or runs a command that was not sent',
  weight: 4,
  input: fc
    .constantFrom(...Object.entries(SSM_BODIES))
    .chain(([action, body]) =>
      fc.tuple(
        fc.oneof(fc.constant(action), hostileKey),
        fc.oneof(
          { weight: 5, arbitrary: poisonedJson(body) },
          { weight: 1, arbitrary: hostileValue },
        ),
      ),
    ),
  open: async () => {
    let bench = await openSsmBench();
    let left = 2_000;
    const node = (): unknown => bench.addNode('i-0123456789abcdef0', { Name: 'x' });
    node();
    return {
      check: async ([action, body]) => {
        if ((left -= 1) <= 0) {
          await bench.close();
          bench = await openSsmBench();
          node();
          left = 2_000;
        }
        // Only what a JSON text can hold gets so far.
        const answer = await bench.call(action, JSON.parse(JSON.stringify(body)));
        assert(answer.status === 200 || answer.status === 400, JSON.stringify(answer));
        return answer.status === 200 ? 'accepted' : 'rejected';
      },
      close: () => bench.close(),
    };
  },
});

interface ClaimedRequest {
  readonly authorization: string | undefined;
  readonly date: string;
  readonly query: string;
  readonly method: string;
  readonly target: string | undefined;
  readonly body: string;
}

const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=${KEYS.accessKeyId}/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;

const signatures = inputKind({
  name: 'signature',
  title: 'an unsigned request runs as the owner of the local cloud',
  weight: 4,
  input: fc.record({
    authorization: fc.oneof(around(fc.constant(AUTHORIZATION)), fc.constant(undefined)),
    date: around(fc.constant('20260101T000000Z')),
    query: fc.oneof(
      fc.constant(''),
      around(
        fc.constant(
          `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${KEYS.accessKeyId}%2F20260101%2Fus-east-1%2Fec2%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=ab`,
        ),
      ),
    ),
    method: fc.constantFrom('POST', 'GET', 'PUT', 'CONNECT'),
    target: fc.oneof(fc.constant(undefined), around(fc.constant('AmazonSSM.SendCommand'))),
    body: fc.oneof(hostileForm, hostileJsonText(SSM_BODIES.SendCommand)),
  }),
  open: () =>
    withFreshClouds<ClaimedRequest>(
      100_000,
      (cloud, { authorization, date, query, method, target, body }) => {
        const headers = {
          host: '127.0.0.1:1',
          'x-amz-date': date,
          authorization,
          ...(target === undefined ? {} : { 'x-amz-target': target }),
        };
        const rawHeaders = Object.entries(headers).flatMap(([name, value]) =>
          value === undefined ? [] : [name, value],
        );
        const message = {
          method,
          url: `/?${query}`,
          headers,
          rawHeaders,
        } as unknown as IncomingMessage;
        return verdictOf(
          () => {
            // The client has no key, so all of these must be refused.
            readApiRequest(cloud, KEYS, message, Buffer.from(body));
            assert.fail('a request without a right signature was accepted');
          },
          (error) => {
            const signed = { message, path: '/', query: [], body: Buffer.from(body) };
            assert.throws(
              () =>
                verifySignature(signed, KEYS, {
                  nowMs: Date.UTC(2026, 0, 1),
                  skewMs: signatureSkewMs,
                }),
              SignatureError,
            );
            return error instanceof CloudError && error.status < 500;
          },
        );
      },
    ),
  refusesAll: true,
});

export const kinds = [ec2Forms, ssmBodies, signatures];
