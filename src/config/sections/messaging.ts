/** `[messaging]`: the broker that announces composes and takes our messages. */
import { z } from 'zod';
import { camelCased } from '../camel-case.js';
import { seenText, unique } from '../fields.js';

/** A slash or an @ behind the host belongs to a password: in a virtual host they are escaped. */
const URL_FORM = /^amqps?:\/\/[^/?#\s]+(\/[^/?#@\s]*)?$/;
/** A query could override what this file says of certificates and heartbeats. */
const url = z
  .string()
  .refine((text) => URL_FORM.test(text) && URL.canParse(text) && new URL(text).hostname !== '', {
    error:
      'is not the URL of a broker; allowed: amqps://HOST/%2FVHOST or amqp://USER:PASSWORD@HOST (with / as %2F, @ as %40)',
  });

function hasUser(text: string | undefined): boolean {
  return text !== undefined && URL.canParse(text) && new URL(text).username !== '';
}

const file = seenText();
const TOPIC_WORD = '[A-Za-z0-9_-]+';
/** AMQP's short strings end at 255 bytes, and our own topics need their share. */
const topicPrefix = z
  .string()
  .max(100)
  .regex(
    new RegExp(`^${TOPIC_WORD}(\\.${TOPIC_WORD})*$`),
    'is not a topic; allowed: words with dots between them, such as "org.fedoraproject.stg"',
  );
const binding = z
  .string()
  .max(255)
  .regex(
    new RegExp(`^(${TOPIC_WORD}|[*#])(\\.(${TOPIC_WORD}|[*#]))*$`),
    'is not a pattern of topics; allowed: words, "*" and "#", with dots between them',
  );
const name = z
  .string()
  .max(255)
  .regex(/^[\x21-\x7e]+$/, 'is not a name; allowed: printable ASCII without spaces');

/** The topic of pungi's messages below a prefix. */
export const COMPOSE_TOPIC = 'pungi.compose.status.change';

export const messagingSchema = z
  .strictObject({
    url: url.optional().describe('Broker (AMQP 0.9.1); without one, messages go to the log.'),
    ca_file: file.optional().describe("The authority that signed the broker's certificate."),
    cert_file: file.optional().describe('Client certificate: its common name is the user.'),
    key_file: file.optional().describe('Key of the client certificate.'),
    password_file: file
      .optional()
      .describe('File with the password of the user in url, where no certificate is used.'),
    exchange: name.default('amq.topic').describe('Topic exchange.'),
    /** Set whenever `url` is. */
    topic_prefix: topicPrefix
      .optional()
      .describe('In front of all topics: "org.fedoraproject.prod" or "org.fedoraproject.stg".'),
    queue: name.default('fedimg').describe('Durable queue of `fedimg listen`.'),
    bindings: unique(binding)
      .default([])
      .describe("Topics bound to the queue; empty: pungi's, below topic_prefix."),
    passive_declares: z
      .boolean()
      .default(true)
      .describe(
        'true: the administrator makes the queue and its bindings; false: `fedimg listen` makes them.',
      ),
    prefetch: z.int().min(1).max(1000).default(25).describe('Messages handled at once.'),
  })
  .superRefine((toml, context) => {
    const report = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (toml.url !== undefined && toml.topic_prefix === undefined) {
      report('url', 'needs topic_prefix beside it: production and staging differ in it; add it');
    }
    if ((toml.cert_file === undefined) !== (toml.key_file === undefined)) {
      const [lonely, missing] =
        toml.cert_file === undefined ? ['key_file', 'cert_file'] : ['cert_file', 'key_file'];
      report(lonely, `needs ${missing} beside it; add that, or remove this key`);
    }
    if (toml.password_file !== undefined && toml.cert_file === undefined && !hasUser(toml.url)) {
      report(
        'password_file',
        'has an effect only with a user in url, as amqps://USER@HOST; add it',
      );
    }
    if (toml.cert_file !== undefined && toml.url?.startsWith('amqp:') === true) {
      report('cert_file', 'has an effect with TLS only; begin url with amqps:');
    }
  })
  .transform(camelCased)
  .transform((messaging) => {
    const { topicPrefix: prefix, bindings } = messaging;
    const pungi = prefix === undefined ? [] : [`${prefix}.${COMPOSE_TOPIC}`];
    return { ...messaging, bindings: bindings.length > 0 ? bindings : pungi };
  })
  .describe('The broker that announces composes and takes our messages.');

/** The broker; without a `url`, messages go to the log and `fedimg listen` does not start. */
export type MessagingConfig = z.output<typeof messagingSchema>;
