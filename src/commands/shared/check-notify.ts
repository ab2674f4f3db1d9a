/** The checks of `fedimg doctor` on notifications. A check sends no notification. */

import type { NotifyConfig } from '../../config/schema.js';
import type { Check } from '../../model/check.js';
import { failure, ok, warning } from '../../model/check.js';
import type { Channel } from '../../model/notification.js';

const AREA = 'notifications';

export async function checkNotify(notify: NotifyConfig, env: NodeJS.ProcessEnv): Promise<Check[]> {
  const { configuredChannels } = await import('../../notify/deliver.js');
  const channels = configuredChannels(notify);
  if (channels.length === 0) {
    return [ok(AREA, 'channels', 'no webhook and no mail server is set: people are not notified')];
  }
  return Promise.all(channels.map((channel) => checked(channel, notify, env)));
}

/** Logs in to the mail server. A webhook has no such question, so only its files are read. */
async function checked(
  channel: Channel,
  { webhook, mail }: NotifyConfig,
  env: NodeJS.ProcessEnv,
): Promise<Check> {
  try {
    if (channel === 'mail') {
      const { checkMail } = await import('../../notify/mail.js');
      await checkMail(mail, env);
      return ok(
        AREA,
        'mail',
        `${mail.server ?? ''} accepts the login; to ${mail.to?.join(', ') ?? ''}`,
      );
    }
    const { prepareWebhook } = await import('../../notify/webhook.js');
    const { url, secret } = await prepareWebhook(webhook, env);
    if (secret !== undefined) return ok(AREA, 'webhook', `${url.host}, signed`);
    const next =
      'Set notify.webhook.secret_file, unless the URL itself is the secret (Slack, Matrix).';
    const isSecret = webhook.urlFile !== undefined;
    return isSecret
      ? ok(AREA, 'webhook', `${url.host}, by its secret URL`)
      : warning(AREA, 'webhook', `${url.host}: requests are not signed`, next);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'NotifyError') throw error;
    const { next } = error as Error & { readonly next: string };
    return failure(AREA, channel, error.message, next);
  }
}
