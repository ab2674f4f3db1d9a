/** `[notify]`: who is notified of what, by webhook and by e-mail. */
import { z } from 'zod';
import {
  NOTIFICATION_EVENTS,
  PLACEHOLDERS,
  unknownPlaceholders,
} from '../../model/notification.js';
import { camelCased } from '../camel-case.js';
import { duration, seenText, unique } from '../fields.js';

const file = seenText();

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.includes(hostname));
}

const SERVER_FORM = /^smtps?:\/\/[^/?#\s]+\/?$/;

function isMailServer(text: string): boolean {
  return SERVER_FORM.test(text) && URL.canParse(text) && new URL(text).password === '';
}

const KNOWN = Object.keys(PLACEHOLDERS)
  .map((name) => `{${name}}`)
  .join(' ');

function template(): z.ZodString {
  return seenText()
    .max(10_000)
    .superRefine((text, context) => {
      const [unknown] = unknownPlaceholders(text);
      if (unknown === undefined) return;
      const message = `has the unknown placeholder {${unknown}}; allowed: ${KNOWN}`;
      context.addIssue({ code: 'custom', message });
    });
}

/** Filled with an escaped text, so a template that is JSON here is JSON later. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const ADDRESS = /^[^\s<>@,]+@[^\s<>@,]+$/;
const NAMED_ADDRESS = /^(?:[^<>\r\n]+ )?<?[^\s<>@,]+@[^\s<>@,]+>?$/;

const webhookSchema = z
  .strictObject({
    url: z
      .string()
      .refine(isWebhookUrl, 'is not a usable URL; allowed: https://…, or http:// to this machine')
      .optional()
      .describe('Where notifications are posted as JSON.'),
    url_file: file
      .optional()
      .describe('File with that URL, for a URL that is itself a secret; it comes before url.'),
    secret_file: file
      .optional()
      .describe('File with the secret that signs each request (Standard Webhooks).'),
    body: template()
      .refine(isJson, 'is not JSON; allowed: a JSON text with placeholders inside its strings')
      .optional()
      .describe('JSON template of the request; without it, all facts and a text.'),
  })
  .transform(camelCased)
  .describe('Notifications by HTTP.');

export type WebhookConfig = z.output<typeof webhookSchema>;

const mailSchema = z
  .strictObject({
    server: z
      .string()
      .refine(
        isMailServer,
        'is not a mail server; allowed: smtps://USER@HOST or smtp://HOST:PORT, the password in password_file',
      )
      .optional()
      .describe('SMTP server; smtps:// is TLS, smtp:// begins TLS by STARTTLS.'),
    start_tls: z
      .boolean()
      .default(true)
      .describe('false: smtp:// without TLS, which fedimg accepts on this machine only.'),
    ca_file: file.optional().describe("The authority that signed the server's certificate."),
    password_file: file.optional().describe('File with the password of the user in server.'),
    from: seenText()
      .regex(NAMED_ADDRESS, 'is not a mail address')
      .optional()
      .describe('Sender, as "fedimg <fedimg@example.org>".'),
    to: unique(seenText().regex(ADDRESS, 'is not a mail address; allowed: name@example.org'))
      .min(1)
      .optional()
      .describe('Recipients.'),
    subject: template().default('[fedimg] {title}').describe('Template of the subject.'),
    text: template().default('{text}\n').describe('Template of the text.'),
  })
  .superRefine((toml, context) => {
    const report = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (toml.server === undefined) return;
    if (toml.from === undefined) report('server', 'needs from beside it; add it');
    if (toml.to === undefined) report('server', 'needs to beside it: at least one recipient');
    const { protocol, hostname } = URL.canParse(toml.server)
      ? new URL(toml.server)
      : { protocol: '', hostname: '' };
    if (!toml.start_tls && protocol === 'smtp:' && !LOOPBACK.includes(hostname)) {
      report('start_tls', `is false for ${hostname}; allowed: only with a server on this machine`);
    }
  })
  .transform(camelCased)
  .describe('Notifications by e-mail.');

export type MailConfig = z.output<typeof mailSchema>;

export const notifySchema = z
  .strictObject({
    events: unique(z.enum(NOTIFICATION_EVENTS))
      .default([...NOTIFICATION_EVENTS])
      .describe('Events that people are notified of.'),
    compose_silence: duration('1h', '90d')
      .prefault('7d')
      .describe('No compose was published for this long.'),
    listener_silence: duration('1h', '90d')
      .prefault('3d')
      .describe('No compose was announced for this long; only with messaging.url.'),
    webhook: webhookSchema.prefault({}),
    mail: mailSchema.prefault({}),
  })
  .transform(camelCased)
  .describe('Notifications to people.');

export type NotifyConfig = z.output<typeof notifySchema>;
