/** The configured channels, and one delivery by one of them. */

import type { Channel, Notification } from '../model/notification.js';
import type { MailSettings } from './mail.js';
import { hasMail, prepareMail, sendMail } from './mail.js';
import type { WebhookSettings } from './webhook.js';
import { hasWebhook, prepareWebhook, sendWebhook } from './webhook.js';

export interface NotifySettings {
  readonly webhook: WebhookSettings;
  readonly mail: MailSettings;
}

/** In the order of a delivery. */
export function configuredChannels({ webhook, mail }: NotifySettings): Channel[] {
  return [
    hasWebhook(webhook) ? (['webhook'] as const) : [],
    hasMail(mail) ? (['mail'] as const) : [],
  ].flat();
}

/** Resolves when the receiver has accepted it; rejects with a `NotifyError`. */
export async function deliver(
  settings: NotifySettings,
  { channel, notification }: { readonly channel: Channel; readonly notification: Notification },
  context: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<void> {
  if (channel === 'webhook') await sendWebhook(settings.webhook, notification, context);
  else await sendMail(settings.mail, notification, context);
}

/** Throws a `NotifyError` when a configured channel lacks a file or a password: a worker must not find that out later. */
export async function checkChannels(
  { webhook, mail }: NotifySettings,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  if (hasWebhook(webhook)) await prepareWebhook(webhook, env);
  if (hasMail(mail)) await prepareMail(mail, env);
}
