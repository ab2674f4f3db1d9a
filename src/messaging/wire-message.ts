/** A message as fedora-messaging has it on the wire: topic, properties, headers, body; checked before it is sent. */

import { createHash } from 'node:crypto';
import type { Options } from 'amqplib';
import type { z } from 'zod';
import type { Announcement, AnnouncementKind } from '../model/progress/announcement.js';
import {
  awsPublishedBody,
  copyBody,
  publishBody,
  regionBody,
  runBody,
  testBody,
  uploadBody,
} from './body-schemas.js';
import { BrokerError } from './errors.js';

export interface WireMessage {
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: Options.Publish;
}

interface Kind {
  /** First word of the topic. */
  readonly application: string;
  /** Name of the schema that consumers check the body against; `base.message` accepts any body. */
  readonly schema: string;
  /** The Python package that has the schema. */
  readonly package?: string;
  readonly body: z.ZodType;
}

const FEDIMG = { application: 'fedimg', schema: 'base.message' } as const;
const OWN = { application: 'fedimg', package: 'fedimg_messages' } as const;

/** The compiler asks for an entry of every kind: without one, the message could not be sent. */
const KINDS: Readonly<Record<AnnouncementKind, Kind>> = {
  'image.upload': { ...FEDIMG, body: uploadBody },
  'image.test': { ...FEDIMG, body: testBody },
  'image.copy': { ...FEDIMG, body: copyBody },
  'image.publish': { ...FEDIMG, body: publishBody },
  'run.v1': { ...OWN, schema: 'fedimg.run.v1', body: runBody },
  'region.v1': { ...OWN, schema: 'fedimg.region.v1', body: regionBody },
  'published.v1.aws': {
    application: 'fedora_image_uploader',
    schema: 'fedora_image_uploader.published.v1.aws',
    package: 'fedora_image_uploader_messages',
    body: awsPublishedBody,
  },
};

/** AMQP's short string; RabbitMQ closes the connection on a longer one. */
const ROUTING_KEY_BYTES_MAX = 255;

/** fedora-messaging's numbers for the severity of a message. */
const SEVERITY = { info: 20, warning: 30, error: 40 } as const;

/**
 * The topic begins with `topicPrefix` (`org.fedoraproject.prod`), if there is one. The id follows from the announcement's
 * key alone, so that a repeat is the same message. Throws a final `BrokerError` when the body breaks its schema.
 */
export function wireMessage(
  announcement: Announcement,
  options: { readonly topicPrefix: string | undefined; readonly now?: Date },
): WireMessage {
  const { topic, key, body, at } = announcement;
  const kind = kindOf(topic);
  if (kind === undefined) throw invalid(announcement, 'its topic is unknown');
  const parsed = kind.body.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(announcement, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const words = [options.topicPrefix, kind.application, topic];
  const routingKey = words.filter((word) => word !== undefined).join('.');
  if (Buffer.byteLength(routingKey) > ROUTING_KEY_BYTES_MAX) {
    throw invalid(announcement, `its topic has more than ${ROUTING_KEY_BYTES_MAX} bytes`);
  }
  const sentAt = at === undefined ? (options.now ?? new Date()) : new Date(at);
  return {
    routingKey,
    content: Buffer.from(JSON.stringify(body)),
    properties: {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: 2,
      messageId: messageId(key),
      headers: {
        fedora_messaging_schema: kind.schema,
        ...(kind.package === undefined ? {} : { fedora_messaging_schema_package: kind.package }),
        fedora_messaging_severity: severityOf(body),
        // As Python's isoformat has it: no fraction, and an offset.
        'sent-at': sentAt.toISOString().replace(/\.\d{3}Z$/, '+00:00'),
        priority: 0,
      },
    },
  };
}

function kindOf(topic: string): Kind | undefined {
  const found = Object.entries(KINDS).find(
    ([name]) => topic === name || topic.startsWith(`${name}.`),
  );
  return found?.[1];
}

function severityOf({ status, outcome, state }: Announcement['body']): number {
  if (status === 'failed' || outcome === 'failed') return SEVERITY.error;
  return outcome === 'partly-published' || state === 'left-out' ? SEVERITY.warning : SEVERITY.info;
}

function invalid({ topic, key }: Announcement, why: string): BrokerError {
  return new BrokerError('invalid', `the message ${topic} (${key}) breaks its schema: ${why}`);
}

/** In the form of a random UUID (version 4), as all ids on the bus are, but always the same for a key. */
export function messageId(key: string): string {
  const bytes = createHash('sha256').update(key).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => hex.slice(from, to))
    .join('-');
}
