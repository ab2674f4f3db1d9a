/** Fedora's own library as the judge of messages: what it lets through, what it complains of, what it loses. */

import assert from 'node:assert/strict';
import { FedoraMessaging } from '../support/fedora-messaging.js';
import { useBroker } from '../support/rabbitmq.js';

const COMPOSE = 'org.fedoraproject.prod.pungi.compose.status.change';
const PUBLISHED =
  'org.fedoraproject.prod.fedora_image_uploader.published.v1.aws.rc.Cloud_Base.x86_64';
const AWS_SCHEMA = 'fedora_image_uploader.published.v1.aws';
const HEADERS = {
  fedora_messaging_schema: AWS_SCHEMA,
  fedora_messaging_severity: 20,
  'sent-at': '2026-01-01T00:00:00+00:00',
};
const PUBLICATION = {
  architecture: 'x86_64',
  compose_id: 'Fedora-Cloud-43-20260101.0',
  image_name: 'Fedora-Cloud-Base-AmazonEC2.x86_64-43-20260101.0',
  regions: { 'us-east-1': 'ami-0123456789abcdef0' },
  release: 43,
  subvariant: 'Cloud_Base',
};

describe("Fedora's messaging library at the test broker", function () {
  const broker = useBroker();
  let fedora: FedoraMessaging;
  before(async function () {
    this.timeout(600_000);
    fedora = await FedoraMessaging.install(broker());
  });
  afterEach(async () => {
    await broker().purge('fedimg');
    await broker().purge('observer');
  });

  it('delivers what it publishes in pungi’s way', async () => {
    const body = { status: 'FINISHED', compose_id: 'Fedora-Cloud-43-20260101.0', label: 'é' };
    const [sent] = await fedora.publish([{ topic: COMPOSE, body, headers: { extra: 1 } }]);
    assert.deepEqual([sent?.topic, sent?.error], [COMPOSE, undefined]);
    const [got] = await fedora.consume(1, { user: 'fedimg', tls: true });
    const { headers, className, ...rest } = got ?? assert.fail();
    assert.deepEqual(rest, {
      id: sent?.id,
      topic: COMPOSE,
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: 2,
      priority: null,
      text: JSON.stringify(body)
        .replaceAll(/([,:])"/g, '$1 "')
        .replace('é', '\\u00e9'),
      valid: true,
      severity: 20,
      body,
      summary: COMPOSE,
      complaints: [],
    });
    assert.equal(className, 'fedora_messaging.message:Message');
    assert.match(String(headers['sent-at']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/);
    assert.equal(headers['fedora_messaging_schema'], 'base.message');
    assert.deepEqual(await broker().depth('fedimg'), { ready: 0, unacked: 0, consumers: 0 });
  });

  it('may not publish on a foreign topic, and fails for good', async () => {
    const messages = [
      { topic: PUBLISHED, body: PUBLICATION, schema: AWS_SCHEMA, severity: 30 as const },
      { topic: COMPOSE, body: {} },
      { topic: PUBLISHED, body: {}, schema: AWS_SCHEMA },
    ];
    const outcomes = await fedora.publish(messages, { user: 'fedimg', tls: true });
    assert.deepEqual(
      outcomes.map(({ error }) => error),
      [undefined, 'PublishForbidden', 'ValidationError'],
    );
    const [got] = await fedora.consume(1);
    assert.equal(got?.className, 'fedora_image_uploader_messages.publish:AwsPublishedV1');
    assert.equal(got.severity, 30);
    assert.match(got.summary ?? '', /in 1 regions$/);
    assert.deepEqual(got.body, PUBLICATION);
  });

  it('reports a message that reaches no consumer', async () => {
    const body = JSON.stringify({ ...PUBLICATION, release: 'Rawhide' });
    const options = { headers: HEADERS, contentEncoding: 'utf-8', messageId: 'wrong' };
    await broker().publish('fedimg', PUBLISHED, body, options);
    await broker().publish('fedimg', PUBLISHED, 'no JSON', options);
    const judged = await fedora.consume(2);
    assert.deepEqual(
      judged.map(({ id, valid, text }) => ({ id, valid, text })),
      [
        { id: 'wrong', valid: false, text: body },
        { id: 'wrong', valid: false, text: 'no JSON' },
      ],
    );
    assert.match(judged[0]?.problem ?? '', /'Rawhide' is not of type 'integer'/);
    assert.deepEqual(await broker().depth('observer'), { ready: 0, unacked: 0, consumers: 0 });
  });

  it('warns of a message that it still lets through', async () => {
    await broker().publish('pungi', COMPOSE, '{}');
    const headers = { ...HEADERS, fedora_messaging_schema: 'fedimg.unknown' };
    await broker().publish('pungi', COMPOSE, '{}', { headers, contentEncoding: 'utf-8' });
    const [bare, unknown] = await fedora.consume(2);
    assert.deepEqual([bare?.valid, unknown?.valid], [true, true]);
    const said = bare?.complaints.join('\n') ?? '';
    for (const lack of [/without a schema/, /without a severity/, /without a content encoding/]) {
      assert.match(said, lack);
    }
    assert.match(
      unknown?.complaints.join() ?? '',
      /"fedimg.unknown" is not in the schema registry/,
    );
  });

  it('works by its command line, too', async () => {
    const printed = await fedora.publishFile([{ topic: COMPOSE, body: { number: 1 } }]);
    assert.match(printed, new RegExp(`Publishing message with topic ${COMPOSE}`));
    await assert.rejects(fedora.publishFile([{ topic: PUBLISHED, body: {} }]), /Unable to publish/);
    const got = await fedora.consumeByCommand(1, { user: 'fedimg', tls: true });
    assert.deepEqual(
      got.map(({ topic, body }) => [topic, body]),
      [[COMPOSE, { number: 1 }]],
    );
  });

  it('fails when no message arrives', async () => {
    await assert.rejects(fedora.consume(1, { withinMs: 500 }), /0 of 1 messages within 500 ms/);
  });
});
