/** `[messaging]`: the broker that announces composes and takes our messages. */
import { z } from 'zod';
import { unique } from '../fields.js';

/** The broker; without one, messages go to the log and `fedimg listen` has nothing to listen to. */
export interface MessagingConfig {
  url: string | undefined;
  caFile: string | undefined;
  certFile: string | undefined;
  keyFile: string | undefined;
  exchange: string;
  /** `org.fedoraproject.prod`; set whenever `url` is. */
  topicPrefix: string | undefined;
  queue: string;
  bindings: string[];
  passiveDeclares: boolean;
  prefetch: number;
}

/** A slash or an @ behind the host belongs to a password: in a virtual host they are escaped. */
const URL_FORM = /^amqps?:\/\/[^/?#\s]+(\/[^/?#@\s]*)?$/;
/** A query could take back what this file says of certificates and heartbeats. */
const url = z
  .string()
  .refine((text) => URL_FORM.test(text) && URL.canParse(text) && new URL(text).hostname !== '', {
    error:
      'is no URL of a broker; allowed: amqps://HOST/%2FVHOST or amqp://USER:PASSWORD@HOST (with / as %2F, @ as %40)',
  });

const file = z.string().min(1);
const TOPIC_WORD = '[A-Za-z0-9_-]+';
/** AMQP's short strings end at 255 bytes, and our own topics need their share. */
const topicPrefix = z
  .string()
  .max(100)
  .regex(
    new RegExp(`^${TOPIC_WORD}(\\.${TOPIC_WORD})*$`),
    'is no topic; allowed: words with dots between them, such as "org.fedoraproject.stg"',
  );
const binding = z
  .string()
  .max(255)
  .regex(
    new RegExp(`^(${TOPIC_WORD}|[*#])(\\.(${TOPIC_WORD}|[*#]))*$`),
    'is no pattern of topics; allowed: words, "*" and "#", with dots between them',
  );
const name = z
  .string()
  .max(255)
  .regex(/^[\x21-\x7e]+$/, 'is no name; allowed: printable ASCII without spaces');

/** The topic of pungi's messages below a prefix. */
export const COMPOSE_TOPIC = 'pungi.compose.status.change';

export const messagingSchema = z
  .strictObject({
    url: url.optional().describe('Broker (AMQP 0.9.1); without one, messages go to the log.'),
    ca_file: file.optional().describe("Who signed the broker's certificate."),
    cert_file: file.optional().describe('Client certificate: its common name is the user.'),
    key_file: file.optional().describe('Key of the client certificate.'),
    exchange: name.default('amq.topic').describe('Topic exchange.'),
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
      .describe("true: queue and bindings are the administrator's; false: `listen` makes them."),
    prefetch: z.int().min(1).max(1000).default(25).describe('Messages at work at once.'),
  })
  .superRefine((toml, context) => {
    const report = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (toml.url !== undefined && toml.topic_prefix === undefined) {
      report('url', 'needs topic_prefix beside it: production and staging differ in it');
    }
    if ((toml.cert_file === undefined) !== (toml.key_file === undefined)) {
      const lonely = toml.cert_file === undefined ? 'key_file' : 'cert_file';
      report(lonely, 'stands alone; cert_file and key_file belong together');
    }
    if (toml.cert_file !== undefined && toml.url?.startsWith('amqp:') === true) {
      report('cert_file', 'is of no use without TLS; url must begin with amqps:');
    }
  })
  .transform((toml): MessagingConfig => {
    const prefix = toml.topic_prefix;
    const pungi = prefix === undefined ? [] : [`${prefix}.${COMPOSE_TOPIC}`];
    return {
      url: toml.url,
      caFile: toml.ca_file,
      certFile: toml.cert_file,
      keyFile: toml.key_file,
      exchange: toml.exchange,
      topicPrefix: prefix,
      queue: toml.queue,
      bindings: toml.bindings.length > 0 ? toml.bindings : pungi,
      passiveDeclares: toml.passive_declares,
      prefetch: toml.prefetch,
    };
  })
  .describe('The broker that announces composes and takes our messages.');
