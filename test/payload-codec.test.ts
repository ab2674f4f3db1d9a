import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { listAmis } from '../src/client/amis.js';
import { connectToTemporal } from '../src/client/connection.js';
import { pastActivities } from '../src/client/past-activities.js';
import { readStatus } from '../src/client/status.js';
import type { ImageResult } from '../src/model/progress/progress.js';
import { loadPayloadCodecs } from '../src/payload-codec.js';
import { eachWithConfigFolder, LEAST } from './config/config-files.js';
import { withPublisher } from './support/local-publisher.js';
import { assertPublishedOnce, oneImage } from './support/one-image.js';
import { DEPLOYMENT } from './support/publisher-config.js';
import { testTemporal } from './support/temporal.js';

/** As an operator writes one: AES-GCM with a key from elsewhere; plain payloads of earlier runs pass. */
const CODEC = `
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
const key = Buffer.alloc(32, 7);
const encoding = Buffer.from('binary/encrypted');
export default {
  async encode(payloads) {
    return payloads.map(({ metadata, data }) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const kept = Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]);
      const plain = JSON.stringify({ kept, data: Buffer.from(data ?? []).toString('base64') });
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return { metadata: { encoding }, data: Buffer.concat([iv, cipher.getAuthTag(), body]) };
    });
  },
  async decode(payloads) {
    return payloads.map((payload) => {
      if (!payload.metadata || !encoding.equals(Buffer.from(payload.metadata.encoding ?? []))) return payload;
      const bytes = Buffer.from(payload.data);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(12, 28));
      const { kept, data } = JSON.parse(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]));
      const metadata = Object.fromEntries(kept.map(([name, value]) => [name, Buffer.from(value, 'base64')]));
      return { metadata, data: Buffer.from(data, 'base64') };
    });
  },
};
`;

describe('a payload codec', () => {
  const configs = eachWithConfigFolder();
  let folder = '';
  let codec = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedimg-test-codec-'));
    codec = join(folder, 'codec.mjs');
    await writeFile(codec, CODEC);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('does not blind the lease watch: an image is published, and Temporal stores no name of it', async () => {
    const suite = await testTemporal();
    const { connection, server } = suite;
    const dataConverter = { payloadCodecs: await loadPayloadCodecs(codec) };
    const client = new Client({ connection, namespace: server.namespace, dataConverter });
    const options = {
      temporal: { ...suite, client },
      tables: ['[temporal]', `codec = "${codec}"`],
      publish: ['regions = ["us-east-1", "eu-west-1"]', 'volume_types = ["gp3"]'],
      waitsTakeNoTime: true,
    };
    await withPublisher(options, async (publisher) => {
      const { request, image } = await oneImage(publisher);
      const { workflowId } = await publisher.publish(request);
      const handle = client.workflow.getHandle<() => Promise<ImageResult>>(workflowId);
      assert.equal((await handle.result()).outcome, 'published');
      await assertPublishedOnce(publisher, ['us-east-1', 'eu-west-1']);

      const history = await client.workflow.getHandle(workflowId).fetchHistory();
      const stored = Buffer.from(JSON.stringify(history)).toString() + bytesOf(history);
      assert(!stored.includes(image.name), 'the name of the image is in no payload');

      const access = await connectToTemporal({ env: publisher.env, codec });
      try {
        const session = { access, uiUrl: undefined, deployment: DEPLOYMENT };
        const status = await readStatus(session, { workflowId });
        assert.equal(status.kind === 'image' && status.progress?.image, image.name);
        const past = await pastActivities(access, status);
        assert(
          past.some(({ type, region }) => type === 'copyToRegion' && region === 'eu-west-1'),
          JSON.stringify(past),
        );
        const rows = await listAmis(session, { workflowIds: [workflowId] });
        assert.deepEqual(
          [...new Set(rows.map(({ region }) => region))],
          ['us-east-1', 'eu-west-1'],
        );
      } finally {
        await access.close();
      }
    });
  });

  it('that cannot be used is an error that says what the module must have', async () => {
    const empty = join(folder, 'empty.mjs');
    await writeFile(empty, 'export const codec = {};\n');
    await assert.rejects(loadPayloadCodecs(empty), (error: Error & { next?: string }) => {
      assert.match(error.message, /empty\.mjs cannot be used: its default export has no encode/);
      assert.match(error.next ?? '', /default export/);
      return true;
    });
    const [complaint] = await configs().complaintsAbout(
      `${LEAST}\n[temporal]\ncodec = "lost.mjs"\n`,
    );
    assert.match(
      complaint ?? '',
      /temporal\.codec: is .*lost\.mjs, which cannot be read \(ENOENT\)/,
    );
  });
});

/** The bytes of all payloads in a history. */
function bytesOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (typeof value !== 'object' || value === null) return '';
  return Object.values(value).map(bytesOf).join('\n');
}
