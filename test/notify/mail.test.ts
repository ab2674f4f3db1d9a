import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Notification } from '../../src/model/notification.js';
import { sampleNotification } from '../../src/model/notification.js';
import type { NotifyError } from '../../src/notify/errors.js';
import type { MailSettings } from '../../src/notify/mail.js';
import { checkMail, sendMail } from '../../src/notify/mail.js';
import type { CertificateAuthority } from '../support/certificates.js';
import { createAuthority } from '../support/certificates.js';
import type { SmtpReceiver, SmtpSettings } from '../support/smtp-receiver.js';
import { startSmtpReceiver } from '../support/smtp-receiver.js';

const { signal } = new AbortController();
const SAMPLE = sampleNotification('fedimg', new Date('2025-10-21T12:00:00Z'));
const LOGIN = { user: 'fedimg', password: 'correct horse' };

describe('notifications by e-mail', () => {
  let directory: string;
  let authority: CertificateAuthority;
  let tls: { key: string; cert: string };
  let passwordFile: string;
  let receiver: SmtpReceiver | undefined;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fedimg-mail-'));
    authority = await createAuthority(directory);
    const alternativeNames = 'IP:127.0.0.1';
    const request = { name: 'smtp', commonName: 'smtp', usage: 'serverAuth', alternativeNames };
    const { certFile, keyFile } = await authority.issue(request as never);
    tls = { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
    passwordFile = join(directory, 'password');
    await writeFile(passwordFile, `${LOGIN.password}\n`);
  });
  after(() => rm(directory, { recursive: true }));
  afterEach(() => receiver?.close());

  async function settingsFor(smtp: SmtpSettings, more: Partial<MailSettings> = {}) {
    receiver = await startSmtpReceiver(smtp);
    return {
      ...{ server: `smtp://127.0.0.1:${receiver.port}`, startTls: true },
      ...{ caFile: authority.caFile, from: 'fedimg <fedimg@example.org>' },
      ...{ to: ['a@example.org', 'b@example.org'], subject: '[fedimg] {title}', text: '{text}\n' },
      ...more,
    };
  }
  const send = (settings: MailSettings, notification: Notification = SAMPLE) =>
    sendMail(settings, notification, { env: {}, signal });

  it('sends a mail to all recipients over TLS, with its login', async () => {
    const smtp = { tls, login: LOGIN };
    const settings = await settingsFor(smtp, { passwordFile });
    const server = settings.server.replace('//', '//fedimg@');
    await send({ ...settings, server });
    const [mail, ...others] = receiver?.mails ?? [];
    assert.equal(others.length, 0);
    assert.ok(mail?.isEncrypted, 'mail?.isEncrypted is false');
    assert.equal(mail.user, 'fedimg');
    assert.deepEqual(mail.to, ['a@example.org', 'b@example.org']);
    assert.match(mail.data, /^Subject: \[fedimg\] Test of the notifications/m);
    assert.match(mail.data, /^Auto-Submitted: auto-generated$/m);
    assert.match(mail.data, /^Next: You can ignore this message\.$/m);
    await checkMail({ ...settings, server }, {});
    assert.equal(receiver?.mails.length, 1, 'a check sends no mail');
  });

  it('sends no mail and no password to a server without TLS', async () => {
    const settings = await settingsFor({ login: LOGIN }, { passwordFile });
    const server = settings.server.replace('//', '//fedimg@');
    await assert.rejects(send({ ...settings, server }), /STARTTLS|TLS/);
    assert.deepEqual(receiver?.mails, []);
  });

  it('gives the same mail the same id when it is sent again', async () => {
    const settings = await settingsFor({ tls });
    await send(settings);
    await send(settings);
    const ids = receiver?.mails.map(({ data }) => /^Message-ID: (.*)$/m.exec(data)?.[1]);
    assert.equal(new Set(ids).size, 1);
    assert.match(ids?.[0] ?? '', /^<fedimg\.[0-9a-f]{32}@example\.org>$/);
  });

  for (const [answer, isFinal] of [
    ['451 4.3.0 try later', false],
    ['550 5.7.1 not wanted', true],
  ] as const) {
    it(`${isFinal ? 'gives up' : 'tries again'} after the answer ${answer}`, async () => {
      const settings = await settingsFor({ tls, answer: () => answer });
      await assert.rejects(send(settings), (error: NotifyError) => {
        assert.equal(error.isFinal, isFinal, error.message);
        assert.match(error.message, new RegExp(answer.slice(0, 3)));
        return true;
      });
    });
  }

  it('keeps a title with line breaks from adding headers', async () => {
    const settings = await settingsFor({ tls });
    await send(settings, { ...SAMPLE, title: 'failed\r\nBcc: evil@example.org\r\n\r\nbody' });
    const [mail] = receiver?.mails ?? [];
    assert.deepEqual(mail?.to, ['a@example.org', 'b@example.org']);
    const [headers = ''] = (mail?.data ?? '').split('\n\n', 1);
    assert.match(headers, /^Subject: \[fedimg\] failed Bcc: evil@example\.org body$/m);
    assert.doesNotMatch(headers, /^Bcc:/im);
  });

  it('names the file of a password that cannot be read', async () => {
    const settings = await settingsFor(
      { tls, login: LOGIN },
      { passwordFile: '/nowhere/password' },
    );
    const server = settings.server.replace('//', '//fedimg@');
    await assert.rejects(
      send({ ...settings, server }),
      /notify\.mail\.password_file names \/nowhere/,
    );
  });
});
