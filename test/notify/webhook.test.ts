import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { sampleNotification } from '../../src/model/notification.js';
import type { NotifyError } from '../../src/notify/errors.js';
import { sendWebhook, webhookBody } from '../../src/notify/webhook.js';
import { eachWithConfigFolder, LEAST } from '../config/config-files.js';
import type { WebhookReceiver } from '../support/webhook-receiver.js';
import { startWebhookReceiver } from '../support/webhook-receiver.js';

const { signal } = new AbortController();
const SAMPLE = sampleNotification('fedimg', new Date('2025-10-21T12:00:00Z'));
const SECRET = `whsec_${Buffer.from('a secret of the receiver').toString('base64')}`;

describe('notifications by webhook', () => {
  const folder = eachWithConfigFolder();
  let receiver: WebhookReceiver;
  afterEach(() => receiver?.close());

  it('signs what it sends, so that the receiver knows the sender', async () => {
    receiver = await startWebhookReceiver();
    const secretFile = await folder().write('secret', `${SECRET}\n`);
    await sendWebhook({ url: receiver.url, secretFile }, SAMPLE, { env: {}, signal });
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.requests;
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = headers;
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
    const wanted = createHmac('sha256', key)
      .update(`${String(id)}.${String(at)}.${body}`)
      .digest('base64');
    assert.equal(signature, `v1,${wanted}`);
    const sent = JSON.parse(body) as Record<string, string>;
    assert.equal(sent['event'], 'failed');
    assert.match(sent['text'] ?? '', /^Test of the notifications[^]*\nNext: /);
    assert.doesNotMatch(body + JSON.stringify(headers), /a secret|whsec_/);
  });

  it('sends the same id again, so that the receiver can drop a repetition', async () => {
    receiver = await startWebhookReceiver();
    await sendWebhook({ url: receiver.url }, SAMPLE, { env: {}, signal });
    await sendWebhook({ url: receiver.url }, SAMPLE, { env: {}, signal });
    const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
    assert.equal(new Set(ids).size, 1);
    assert.match(String(ids[0]), /^msg_[0-9a-f]{32}$/);
  });

  it('fills a template without breaking its JSON', () => {
    const hostile = { ...SAMPLE, reason: 'a "quote", a \\ and\na line' };
    const body = webhookBody('{"msgtype": "m.text", "body": "{title}: {reason} {link}"}', hostile);
    const { body: text } = JSON.parse(body) as { body: string };
    assert.equal(text, `${SAMPLE.title}: ${hostile.reason} `);
  });

  for (const [status, isFinal] of [
    [500, false],
    [429, false],
    [404, false],
    [400, true],
    [302, false],
  ] as const) {
    it(`${isFinal ? 'gives up' : 'tries again'} after the status ${status}`, async () => {
      receiver = await startWebhookReceiver([status]);
      const sent = sendWebhook({ url: receiver.url }, SAMPLE, { env: {}, signal });
      await assert.rejects(sent, (error: NotifyError) => error.isFinal === isFinal);
    });
  }

  it('refuses a configuration that would send secrets in the clear or not at all', async () => {
    const complaints = async (text: string) =>
      (await folder().complaintsAbout(`${LEAST}${text}`)).join('\n');
    assert.match(
      await complaints('[notify.webhook]\nurl = "http://hooks.example.org/"'),
      /notify\.webhook\.url: is not a usable URL/,
    );
    assert.match(
      await complaints('[notify.webhook]\nurl = "https://a.example/"\nbody = "{text}"'),
      /notify\.webhook\.body: is not JSON/,
    );
    assert.match(
      await complaints('[notify.mail]\nserver = "smtp://mail.example"\nstart_tls = false'),
      /start_tls: is false for mail\.example[^]*/,
    );
    assert.match(
      await complaints('[notify.mail]\nserver = "smtp://u:secret@mail.example"'),
      /notify\.mail\.server: is not a mail server/,
    );
    assert.match(
      await complaints('[notify.mail]\nsubject = "{titel}"'),
      /unknown placeholder \{titel\}; allowed: /,
    );
    assert.match(
      await complaints('[notify.mail]\nsubject = "\u202e{title}"'),
      /notify\.mail\.subject: has a character that cannot be seen/,
    );
  });
});
