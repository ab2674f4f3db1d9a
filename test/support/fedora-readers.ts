/** What Fedora's readers make of messages: wikitcms, fedmsg_meta and fedora-messaging, in one Python process. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Announcement } from '../../src/model/progress/announcement.js';
import { wireMessage } from '../../src/messaging/wire-message.js';
import { fedoraPython } from './fedora-python.js';

/** A release validation event, as wikitcms has one for each compose that Fedora QA tests. */
export interface ValidationEvent {
  readonly release: string;
  readonly milestone: 'Beta' | 'RC' | 'Branched' | 'Rawhide';
  readonly compose: string;
  readonly cid: string;
}

export interface Readings {
  /** The text of the AMI page of each event. */
  readonly pages: readonly string[];
  /** fedmsg_meta's line for each message; null when it does not read the topic. */
  readonly subtitles: readonly (string | null)[];
  /** fedora-messaging's reading of each message, by the class that the schema header names. */
  readonly readings: readonly {
    readonly class: string;
    readonly valid: boolean;
    readonly problem?: string;
    readonly summary?: string;
    readonly url?: string | null;
    readonly text?: string;
  }[];
}

const PROGRAM = fileURLToPath(new URL('fedora-readers.py', import.meta.url));

/** The messages go through the checks of the sender first. */
export async function readByFedora(
  announcements: readonly Announcement[],
  events: readonly ValidationEvent[] = [],
): Promise<Readings> {
  const messages = announcements.map((announcement) => {
    const { routingKey: topic, properties } = wireMessage(announcement, {
      topicPrefix: 'org.fedoraproject.prod',
    });
    const headers = properties.headers as Record<string, unknown>;
    return { topic, body: announcement.body, schema: headers['fedora_messaging_schema'] };
  });
  const input = JSON.stringify({ messages, events });
  const python = join(await fedoraPython(), 'python');
  const { stdout } = await execa(python, [PROGRAM], { input, timeout: 60_000 });
  return JSON.parse(stdout) as Readings;
}
