/** What a stranger on this machine sends beside the local cloud's API: fault rules, paths, whole requests. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { FaultRuleError } from '../../../src/simulator/faults/fault-rule.js';
import { startCloud } from '../../../src/simulator/start-cloud.js';
import { FakeMachineFactory } from '../../simulator/fake-machine.js';
import { KEYS, withFreshClouds } from '../fresh-clouds.js';
import { hostileForm } from '../hostile-forms.js';
import { hostileJsonText, hostileValue, poisonedJson } from '../hostile-json.js';
import { around, hostileText } from '../hostile-text.js';
import { inputKind, verdictOf } from '../input-kind.js';

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
  title: 'text that is not a fault rule replaces the rules that were set',
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
            'refused rules leave the earlier ones unchanged',
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
  sound: [
    {
      method: 'PUT',
      path: '/_fedimg/faults',
      host: '127.0.0.1',
      origin: undefined,
      body: JSON.stringify(RULES),
    },
  ],
  open: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'fedimg-hostile-wire-'));
    const cloud = await startCloud({
      stateDir: directory,
      latency: 'instant',
      credentials: KEYS,
      machineFactory: new FakeMachineFactory(),
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
          assert(
            isControl && (isRead || method === 'PUT') && origin === undefined,
            `${method} from ${origin}`,
          );
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

export const kinds = [faultRules, wire];
