/** What a stranger on this machine sends to the local cloud: forms, JSON, signatures, fault rules, paths. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readApiRequest } from '../../../src/simulator/api-request.js';
import { ec2Actions } from '../../../src/simulator/ec2/actions.js';
import { CloudError, ec2ErrorBody } from '../../../src/simulator/errors.js';
import { FaultRuleError } from '../../../src/simulator/fault-rule.js';
import { openCloud, type OpenCloud } from '../../../src/simulator/open-cloud.js';
import { decodeForm, nestParameters } from '../../../src/simulator/query-protocol.js';
import { SignatureError, verifySignature } from '../../../src/simulator/sigv4.js';
import { ec2ResponseBody } from '../../../src/simulator/xml.js';
import { startCloud } from '../../../src/simulator/start-cloud.js';
import { FakeMachineFactory } from '../../simulator/fake-machine.js';
import { openSsmBench } from '../../simulator/ssm/support.js';
import { hostileJsonText, hostileValue, poisonedJson } from '../hostile-json.js';
import { around, hostileKey, hostileText } from '../hostile-text.js';
import { inputKind, verdictOf, type Target, type Verdict } from '../input-kind.js';

const KEYS = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'test/secret+key' };
const ignoreBackground = (): void => undefined;

/** A cloud that is thrown away every so often, so that what it was made to keep does not add up. */
async function withFreshClouds<T>(
  inputsEach: number,
  check: (cloud: OpenCloud['cloud'], input: T) => Promise<Verdict> | Verdict,
): Promise<Target<T>> {
  let opened: { readonly cloud: OpenCloud; readonly directory: string; left: number } | undefined;
  const close = async (): Promise<void> => {
    if (opened === undefined) return;
    await opened.cloud.close();
    await rm(opened.directory, { recursive: true, force: true });
    opened = undefined;
  };
  const open = async (): Promise<NonNullable<typeof opened>> => {
    const directory = await mkdtemp(join(tmpdir(), 'fedimg-hostile-cloud-'));
    const options = {
      stateDir: directory,
      latency: 'instant',
      seed: 1,
      machineFactory: new FakeMachineFactory(),
    } as const;
    return { cloud: openCloud({ ...options, log: ignoreBackground }), directory, left: inputsEach };
  };
  opened = await open();
  return {
    check: async (input) => {
      if (opened === undefined || opened.left <= 0) {
        await close();
        opened = await open();
      }
      opened.left -= 1;
      return check(opened.cloud.cloud, input);
    },
    close,
  };
}

const FORMS = [
  'Action=RunInstances&ImageId=ami-0123456789abcdef0&InstanceType=t3.micro&MinCount=1&MaxCount=1&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b&ClientToken=x',
  'Action=RegisterImage&Name=abc&Architecture=x86_64&VirtualizationType=hvm&RootDeviceName=%2Fdev%2Fsda1&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fsda1&BlockDeviceMapping.1.Ebs.SnapshotId=snap-0123456789abcdef0',
  'Action=DescribeImages&Owner.1=self&Filter.1.Name=tag%3Aa&Filter.1.Value.1=b&MaxResults=5&NextToken=x',
  'Action=DescribeSnapshots&Filter.1.Name=status&Filter.1.Value.1=completed',
  'Action=CreateTags&ResourceId.1=ami-0123456789abcdef0&Tag.1.Key=a&Tag.1.Value=b',
  'Action=CopySnapshot&SourceRegion=us-east-1&SourceSnapshotId=snap-0123456789abcdef0&Description=x',
  'Action=ModifyImageAttribute&ImageId=ami-0123456789abcdef0&LaunchPermission.Add.1.Group=all',
  'Action=CreateVolume&AvailabilityZone=us-east-1a&Size=1&VolumeType=gp3',
  'Action=DescribeInstances&InstanceId.1=i-0123456789abcdef0',
];

/** A form with one name or value changed, the names and values percent-encoded or not. */
const hostileForm = fc.oneof(
  fc
    .tuple(fc.constantFrom(...FORMS), fc.nat(), hostileText, hostileKey, fc.nat({ max: 5 }))
    .map(([form, index, value, key, way]) => {
      const pairs = form.split('&');
      const at = 1 + (index % (pairs.length - 1));
      const [name = ''] = (pairs[at] ?? '').split('=');
      const encoded = encodeURIComponent(value.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
      if (way === 0) pairs[at] = `${name}=${value}`;
      else if (way === 1) pairs[at] = `${name}.${encodeURIComponent(key)}=${encoded}`;
      else if (way === 2) pairs.push(pairs[at] ?? '');
      else if (way === 3) pairs.push(`${encodeURIComponent(key)}=${encoded}`);
      else pairs[at] = `${name}=${encoded}`;
      return pairs.join('&');
    }),
  around(fc.constantFrom(...FORMS)),
  fc.constantFrom(20_001, 100_000).map((count) => 'a=b&'.repeat(count)),
  fc.constantFrom(13, 10_000).map((depth) => `Action=DescribeImages&${'a.'.repeat(depth)}b=c`),
  fc
    .constantFrom(500, 20_000)
    .map(
      (length) =>
        `Action=DescribeImages&Filter.1.Name=name&Filter.1.Value.1=${'*a'.repeat(length)}b`,
    ),
);

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
          return ec2ResponseBody(action, 'id', fields);
        },
        (error) => {
          if (!(error instanceof CloudError)) return false;
          assertXml(ec2ErrorBody(error, 'id'));
          return error.status >= 400 && error.status < 500;
        },
        assertXml,
      ),
    ),
});

/** XML 1.0: nothing that a parser refuses, and nothing that was not written as an element. */
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
  title: 'JSON that SSM would refuse ends the local cloud, or runs a command that nobody sent',
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
  title: 'a request that nobody signed runs as the owner of the local cloud',
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
            // As a client does that has no key: none of these may ever pass.
            readApiRequest(cloud, KEYS, message, Buffer.from(body));
            assert.fail('a request without a right signature was accepted');
          },
          (error) => {
            const signed = { message, path: '/', query: [], body: Buffer.from(body) };
            assert.throws(
              () => verifySignature(signed, KEYS, Date.UTC(2026, 0, 1)),
              SignatureError,
            );
            return error instanceof CloudError && error.status < 500;
          },
        );
      },
    ),
  refusesAll: true,
});

const RULES = [
  {
    id: 'a',
    action: 'RunInstances',
    region: 'us-east-1',
    kind: 'capacity',
    occurrence: 1,
    count: 2,
    probability: 0.5,
    where: { InstanceType: 't3.*' },
    zone: 'us-east-1a',
  },
  { action: '*', kind: 'slow', delayMs: 5 },
];

const faultRules = inputKind({
  name: 'fault-rules',
  title: 'fault rules that are none replace those that were set',
  weight: 3,
  input: fc.tuple(
    fc.oneof(
      { weight: 8, arbitrary: poisonedJson(RULES) },
      { weight: 1, arbitrary: hostileValue },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom(20, 3_000)
          .map((length) => [{ action: '*', kind: 'error', where: { Name: '*a'.repeat(length) } }]),
      },
    ),
    hostileText,
  ),
  open: () =>
    withFreshClouds<[unknown, string]>(100_000, (cloud, [rules, value]) => {
      const before = JSON.stringify(cloud.faults.replace(RULES));
      return verdictOf(
        () => cloud.faults.replace(rules),
        (error) => {
          assert.equal(
            JSON.stringify(cloud.faults.rules()),
            before,
            'what is refused changes nothing',
          );
          return error instanceof FaultRuleError;
        },
        () => {
          const parameters = new Map([
            ['Name', value],
            ['InstanceType', value],
          ]);
          cloud.faults.hits({
            action: 'RunInstances',
            region: 'us-east-1',
            parameters,
            zone: undefined,
            userAgent: value,
          });
        },
      );
    }),
});

const WIRE_PATHS = [
  '/',
  '/_fedimg/resources',
  '/_fedimg/snapshots/us-east-1/snap-0123456789abcdef0',
  '/_fedimg/faults',
  '/_fedimg/effects',
];

const wire = inputKind({
  name: 'http-request',
  title: 'a request on the wire reads a file of this machine, or ends the local cloud',
  weight: 1,
  input: fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH'),
    path: around(
      fc.constantFrom(...WIRE_PATHS, '/_fedimg/snapshots/us-east-1/..%2f..%2f..%2fetc%2fpasswd'),
    ),
    host: fc.oneof(
      { weight: 4, arbitrary: fc.constant('127.0.0.1') },
      { weight: 1, arbitrary: around(fc.constantFrom('localhost', 'evil.example')) },
    ),
    origin: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: around(fc.constant('https://evil.example')) },
    ),
    body: fc.oneof(hostileForm, hostileJsonText(RULES)),
  }),
  open: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'fedimg-hostile-wire-'));
    const cloud = await startCloud({
      stateDir: directory,
      latency: 'instant',
      credentials: KEYS,
      machineFactory: new FakeMachineFactory(),
      ssm: () => Promise.resolve({ status: 200, body: {} }),
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const { port } = new URL(cloud.url);
    return {
      check: async ({ method, path, host, origin, body }) => {
        const isRead = method === 'GET' || method === 'HEAD';
        const sent = Buffer.from(isRead ? '' : body.slice(0, 100_000));
        const headers = {
          'content-length': sent.length,
          host: headerValue(host),
          ...(origin === undefined ? {} : { origin: headerValue(origin) }),
        };
        const target = `/${path.replace(/^\//, '').replaceAll(/[^\x21-\x7e]/g, '%0a')}`.slice(
          0,
          4_000,
        );
        const request = http.request({
          host: '127.0.0.1',
          port,
          method,
          path: target,
          headers,
          agent,
        });
        const { status, text } = await answerOf(request, sent);
        assert(status < 500, `${status}: ${text.slice(0, 200)}`);
        assert(!text.includes('root:x:0'), 'it reads files of this machine');
        const isControl = target.startsWith('/_fedimg/');
        if (status === 200)
          assert(isControl && (isRead || method === 'PUT') && origin === undefined);
        return status === 200 ? 'accepted' : 'rejected';
      },
      close: async () => {
        agent.destroy();
        await cloud.close();
        await rm(directory, { recursive: true, force: true });
      },
    };
  },
});

/** What Node's client lets pass as a header; the rest it refuses itself. */
function headerValue(text: string): string {
  return text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?').slice(0, 2_000);
}

function answerOf(
  request: http.ClientRequest,
  body: Buffer,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.end(body);
  });
}

export const kinds = [ec2Forms, ssmBodies, signatures, faultRules, wire];
