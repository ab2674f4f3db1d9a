/** Notifications by webhook: one signed POST of JSON. */

import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Notification } from '../model/notification.js';
import { filled, notificationText } from '../model/notification.js';
import { proxyAgents } from '../proxy/agents.js';
import { NotifyError } from './errors.js';
import { readSecret } from './secret.js';

export interface WebhookSettings {
  readonly url?: string;
  readonly urlFile?: string;
  readonly secretFile?: string;
  readonly body?: string;
}

const TIMEOUT_MS = 15_000;
/** Of the receiver's answer, which an error quotes. */
const ANSWER_CHARS_MAX = 200;

/** Answers that a later try may not get: too early, too many requests, and failures of the server. */
const RETRIED = [401, 403, 404, 408, 425, 429];

export function hasWebhook({ url, urlFile }: WebhookSettings): boolean {
  return url !== undefined || urlFile !== undefined;
}

export interface PreparedWebhook {
  readonly url: URL;
  readonly secret: string | undefined;
}

/** Throws a `NotifyError` when a file cannot be used. */
export async function prepareWebhook(
  { url, urlFile, secretFile }: WebhookSettings,
  env: NodeJS.ProcessEnv,
): Promise<PreparedWebhook> {
  const channel = 'webhook';
  const target = (await readSecret({ channel, key: 'url_file', file: urlFile }, env)) ?? url ?? '';
  if (!URL.canParse(target) || !/^https?:$/.test(new URL(target).protocol)) {
    throw new NotifyError(channel, 'setup', `${urlFile ?? 'notify.webhook'} has no https:// URL`);
  }
  const variable = 'FEDIMG_NOTIFY_WEBHOOK_SECRET';
  const secret = await readSecret({ channel, key: 'secret_file', file: secretFile, variable }, env);
  return { url: new URL(target), secret };
}

/** Resolves when the receiver has accepted it; rejects with a `NotifyError`. */
export async function sendWebhook(
  settings: WebhookSettings,
  notification: Notification,
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<void> {
  const { url, secret } = await prepareWebhook(settings, env);
  const body = webhookBody(settings.body, notification);
  const headers = webhookHeaders(notification, body, { secret, now: new Date() });
  const { status, text } = await post(url, { headers, body, signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    const why = `the webhook at ${url.host} does not answer: ${(error as Error).message}`;
    throw new NotifyError('webhook', 'unreachable', why, { cause: error });
  });
  if (status >= 200 && status < 300) return;
  const isRefused = status >= 400 && status < 500 && !RETRIED.includes(status);
  const said = text === '' ? '' : `: ${text.slice(0, ANSWER_CHARS_MAX)}`;
  const why = `the webhook at ${url.host} answers ${status}${said}`;
  throw new NotifyError('webhook', isRefused ? 'refused' : 'unreachable', why);
}

/** The template with its placeholders filled, or all facts; `text` is what Slack, Mattermost and Matrix' hookshot show. */
export function webhookBody(template: string | undefined, notification: Notification): string {
  if (template !== undefined) return filled(template, notification, jsonEscaped);
  return JSON.stringify({ text: notificationText(notification), ...notification });
}

function jsonEscaped(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** The headers of Standard Webhooks (standardwebhooks.com, "Webhook headers" and "Signature scheme"). */
export function webhookHeaders(
  { key, event }: Notification,
  body: string,
  { secret, now }: { readonly secret: string | undefined; readonly now: Date },
): Record<string, string> {
  const id = `msg_${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const signed = `${id}.${timestamp}.${body}`;
  return {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'fedimg',
    'x-fedimg-event': event,
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    ...(secret === undefined ? {} : { 'webhook-signature': `v1,${signature(secret, signed)}` }),
  };
}

function signature(secret: string, signed: string): string {
  const key = secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret);
  return createHmac('sha256', key).update(signed).digest('base64');
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function post(
  url: URL,
  {
    headers,
    body,
    signal,
  }: {
    readonly headers: Record<string, string>;
    readonly body: string;
    readonly signal: AbortSignal;
  },
): Promise<Answer> {
  const protocol = url.protocol === 'https:' ? 'https:' : 'http:';
  const agent = proxyAgents({ keepAlive: false, maxSockets: 1, patienceMs: TIMEOUT_MS })[protocol];
  const send = protocol === 'https:' ? httpsRequest : httpRequest;
  const within = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const request = send(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': length },
        signal: within,
        agent,
      },
      (response) => {
        read(response).then(
          (text) => resolve({ status: response.statusCode ?? 0, text }),
          (error: unknown) => reject(error as Error),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** The beginning of the answer: a receiver must not fill the memory of the worker. */
async function read(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > ANSWER_CHARS_MAX) break;
  }
  response.destroy();
  return text.trim();
}
