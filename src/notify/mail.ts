/** Notifications by e-mail over SMTP. */

import { createHash } from 'node:crypto';
import type { Transporter } from 'nodemailer';
import { createTransport } from 'nodemailer';
import type SMTPTransport from 'nodemailer/lib/smtp-transport/index.js';
import type { Notification } from '../model/notification.js';
import { filled } from '../model/notification.js';
import { NotifyError } from './errors.js';
import { readSecret } from './secret.js';

export interface MailSettings {
  readonly server?: string;
  readonly startTls: boolean;
  readonly caFile?: string;
  readonly passwordFile?: string;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly subject: string;
  readonly text: string;
}

type TransportOptions = SMTPTransport.Options;

const TIMEOUT_MS = 20_000;
const SMTPS_PORT = 465;
const SUBMISSION_PORT = 587;

export function hasMail({ server }: MailSettings): boolean {
  return server !== undefined;
}

/** Resolves when the server has accepted it for all recipients; rejects with a `NotifyError`. */
export async function sendMail(
  settings: MailSettings,
  notification: Notification,
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<void> {
  await withTransport(settings, { env, signal }, async (transport) => {
    const { from, to = [], subject, text } = settings;
    const { rejected } = (await transport.sendMail({
      from,
      to: [...to],
      // A subject is one line.
      subject: filled(subject, notification).replace(/\s+/g, ' ').trim(),
      text: filled(text, notification),
      messageId: messageId(notification, from ?? ''),
      date: new Date(notification.at),
      // RFC 3834: no automatic answers, as those of people on holiday.
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Fedimg-Event': notification.event },
    })) as { readonly rejected?: readonly unknown[] };
    if (rejected === undefined || rejected.length === 0) return;
    const why = `the mail server refuses the recipients ${rejected.map(String).join(', ')}`;
    throw new NotifyError('mail', 'refused', why);
  });
}

/** Connects and logs in, without a mail; rejects with a `NotifyError`. */
export async function checkMail(settings: MailSettings, env: NodeJS.ProcessEnv): Promise<void> {
  const { signal } = new AbortController();
  await withTransport(settings, { env, signal }, (transport) => transport.verify());
}

async function withTransport(
  settings: MailSettings,
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
  act: (transport: Transporter) => Promise<unknown>,
): Promise<void> {
  const transport = createTransport(await prepareMail(settings, env));
  const stop = () => transport.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await act(transport);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof NotifyError ? error : mailFailure(error, settings);
  } finally {
    signal.removeEventListener('abort', stop);
    transport.close();
  }
}

/** What nodemailer connects with. Throws a `NotifyError` when a file cannot be used or a password is missing. */
export async function prepareMail(
  { server, startTls, caFile, passwordFile }: MailSettings,
  env: NodeJS.ProcessEnv,
): Promise<TransportOptions> {
  if (server === undefined) {
    throw new NotifyError('mail', 'setup', 'notify.mail.server is not set');
  }
  const { protocol, hostname, port, username } = new URL(server);
  const secure = protocol === 'smtps:';
  const [pass, ca] = await Promise.all([
    readSecret(
      {
        ...{ channel: 'mail', key: 'password_file', file: passwordFile },
        variable: 'FEDIMG_NOTIFY_MAIL_PASSWORD',
      },
      env,
    ),
    readSecret({ channel: 'mail', key: 'ca_file', file: caFile }, env),
  ]);
  const user = decodeURIComponent(username);
  if (user !== '' && pass === undefined) {
    const why = `notify.mail.server names the user ${user}, but there is no password: set notify.mail.password_file`;
    throw new NotifyError('mail', 'setup', why);
  }
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (secure ? SMTPS_PORT : SUBMISSION_PORT) : Number(port),
    secure,
    requireTLS: !secure && startTls,
    ignoreTLS: !secure && !startTls,
    ...(user === '' ? {} : { auth: { user, pass } }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // Notifications are texts: a template must not make nodemailer read files or URLs.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** RFC 5321, 4.2.1: an answer of 5xx is permanent. A refused login is mended by the operator, so it is tried again. */
function mailFailure(error: unknown, { server }: MailSettings): NotifyError {
  const { message, responseCode, code } = error as Error & {
    readonly responseCode?: number;
    readonly code?: string;
  };
  const isRefused = (responseCode ?? 0) >= 500 && code !== 'EAUTH';
  const host = server === undefined ? '' : new URL(server).host;
  const why = `the mail server ${host} ${isRefused ? 'refuses the mail' : 'did not take the mail'}: ${message}`;
  return new NotifyError('mail', isRefused ? 'refused' : 'unreachable', why, { cause: error });
}

/** The same for each repetition: mail programs show it once. */
function messageId({ key }: Notification, from: string): string {
  const [, domain = 'localhost'] = /@([^\s<>@]+?)>?$/.exec(from) ?? [];
  return `<fedimg.${createHash('sha256').update(key).digest('hex').slice(0, 32)}@${domain}>`;
}
