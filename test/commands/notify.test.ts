import assert from 'node:assert/strict';
import { EXIT } from '../../src/commands/shared/exit-codes.js';
import { checkNotify } from '../../src/commands/shared/check-notify.js';
import { eachWithConfigFolder, LEAST } from '../config/config-files.js';
import { startSmtpReceiver } from '../support/smtp-receiver.js';
import { startWebhookReceiver } from '../support/webhook-receiver.js';
import { runCli } from './run-cli.js';

describe('fedimg notify test', () => {
  const folder = eachWithConfigFolder();

  it('shows which channel accepts a sample and why the other one does not, and doctor agrees', async () => {
    const hooks = await startWebhookReceiver();
    const smtp = await startSmtpReceiver({ login: { user: 'fedimg', password: 'right' } });
    const text = [
      LEAST,
      `[notify.webhook]\nurl = "${hooks.url}"`,
      `[notify.mail]\nserver = "smtp://fedimg@127.0.0.1:${smtp.port}"\nstart_tls = false`,
      'from = "fedimg@example.org"\nto = ["a@example.org"]\npassword_file = "password"',
    ].join('\n');
    await folder().write('password', 'wrong');
    const config = await folder().load(text);
    const { code, stdout, stderr } = await runCli(['notify', 'test'], { cwd: folder().path });
    assert.equal(code, EXIT.failed, stderr);
    assert.match(stdout, /^webhook: accepted\nmail: the mail server .* 535/);
    assert.match(stderr, /Check \[notify\.mail\]/);
    assert.equal(hooks.requests.length, 1);

    const checks = await checkNotify(config.notify, {});
    assert.deepEqual(
      checks.map(({ what, state }) => [what, state]),
      [
        ['webhook', 'warning'],
        ['mail', 'failure'],
      ],
    );
    await folder().write('password', 'right');
    const [, mail] = await checkNotify(config.notify, {});
    assert.equal(mail?.state, 'ok', mail?.detail);
    assert.deepEqual(smtp.mails, []);
    hooks.close();
    smtp.close();
  });
});
