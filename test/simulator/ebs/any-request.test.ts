/** EBS direct APIs: whatever path, query, headers and body a stranger sends, the local cloud answers. */

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { ebsService } from '../../../src/simulator/ebs/service.js';
import { ebsRoutes } from '../../../src/simulator/ebs/routes.js';
import { CloudError } from '../../../src/simulator/errors.js';
import type { TestCloud } from '../cloud-fixture.js';
import { closeTestClouds, openTestCloud } from '../cloud-fixture.js';
import { closeEbsClients, ebsOf, startOf, written } from './support.js';

interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: readonly [string, string][];
  readonly headers: readonly [string, string][];
  readonly body: Buffer;
}

describe('EBS direct APIs: any request', () => {
  let cloud: TestCloud;
  let ids: string[] = [];
  before(async () => {
    cloud = await openTestCloud();
    const client = ebsOf(cloud);
    ids = [await startOf(client), await written(client, { 0: 'x' })];
  });
  after(async () => {
    closeEbsClients();
    await closeTestClouds();
  });

  /** The status of the answer; throws what would end as an internal error. */
  async function statusOf({ method, path, query, headers, body }: Request): Promise<number> {
    const message = { method, rawHeaders: headers.flat(), headers: {} } as IncomingMessage;
    try {
      const content = ebsService.protocol.read({ message, path, query, body });
      const run = ebsService.actions.get(content.action);
      assert.ok(run, 'no run');
      const call = { ...content, cloud: cloud.cloud, region: 'us-east-1', principal: '' };
      const fields = await run({ ...call, changed: [], resources: [] });
      const answer = { action: content.action, requestId: 'id', fields };
      ebsService.protocol.writeAnswer(answer);
      return ebsService.protocol.answerFrame?.(answer).status ?? 200;
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      JSON.parse(ebsService.protocol.writeError(error, 'id'));
      return error.status;
    }
  }

  it('is answered with success or with the refusal of a client', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('', '0', '-1', '1e3', '2147483648', 'SHA256', 'AAAA', '%', '%2e%2e', '..'),
    );
    const id = fc.oneof(
      fc.integer({ min: 0, max: 1 }).map((at) => ids[at] ?? ''),
      text,
    );
    const odd = { method: 'GET', path: '/snapshots/a/b/c' } as const;
    const place = fc
      .record({
        route: fc.constantFrom(...ebsRoutes, odd),
        // An even draw of the methods would seldom reach an action.
        method: fc.constantFrom(undefined, undefined, undefined, 'GET', 'PUT', 'POST'),
        id,
        block: text,
      })
      .map(({ route, method = route.method, id: snapshot, block }) => ({
        method,
        path: route.path
          .replace(/\{\w*SnapshotId\}/, () => snapshot)
          .replace('{BlockIndex}', () => block),
      }));
    const names = (of: 'query' | 'headers'): string[] =>
      ebsRoutes.flatMap((route) => Object.keys(route[of] ?? {}));
    const pairs = (of: 'query' | 'headers'): fc.Arbitrary<[string, string][]> =>
      fc.array(fc.tuple(fc.constantFrom(...names(of), '__proto__'), text), { maxLength: 6 });
    const size = fc.oneof(fc.integer({ min: -1, max: 50 }), fc.constantFrom(65_537, 2 ** 53));
    const member = fc.oneof(text, fc.jsonValue({ maxDepth: 3 }));
    const usually = <T>(good: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
      fc.oneof({ weight: 5, arbitrary: good }, { weight: 1, arbitrary: member });
    const tag = fc.record({ Key: usually(fc.string()), Value: usually(fc.string()) });
    const json = fc
      .record(
        {
          VolumeSize: size,
          ClientToken: usually(fc.constantFrom('one', 'other')),
          ParentSnapshotId: usually(id),
          Tags: usually(fc.array(tag, { maxLength: 2 })),
          Timeout: usually(fc.constantFrom(9, 10, 60)),
          Encrypted: usually(fc.boolean()),
        },
        { requiredKeys: ['VolumeSize'] },
      )
      .map((value) => Buffer.from(JSON.stringify(value)));
    const body = fc.oneof(
      json,
      text.map((value) => Buffer.from(value)),
    );
    const request = fc.record({
      place,
      query: pairs('query'),
      headers: pairs('headers'),
      body,
    });
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(request, async (one) => {
        const { place: where, ...rest } = one;
        const status = await statusOf({ ...rest, ...where });
        seen.add(status);
        // 402 is a quota that is used up.
        assert.ok([200, 201, 202, 400, 402, 403, 404, 409].includes(status), String(status));
      }),
      { numRuns: 1500 },
    );
    assert.ok(seen.has(200) && seen.has(400) && seen.has(404), [...seen].join());
  });
});
