/** Fedora's own messaging library (Python) against a test's broker: what it publishes, and what it makes of ours. */

import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lastLines } from '../../src/local/processes/run-command.js';
import type { Broker } from './broker.js';
import { fedoraMessagingConfig } from './fedora-messaging-config.js';
import { fedoraPython } from './fedora-python.js';
import type { BrokerUser } from './rabbitmq-definitions.js';

export interface FedoraMessage {
  /** The whole routing key. */
  readonly topic: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly severity?: 10 | 20 | 30 | 40;
  /** The registered name of a message class; default: the base class, as pungi's. */
  readonly schema?: string;
}

export interface PublishOutcome {
  readonly id: string;
  readonly topic: string;
  /** The exception's class: `PublishForbidden`, `PublishTimeout`, `ValidationError`. */
  readonly error?: string;
  readonly reason?: string;
}

/** A message as the library's consumer sees it. */
export interface JudgedMessage {
  readonly id: string | null;
  readonly topic: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
  readonly deliveryMode: number | null;
  readonly priority: number | null;
  /** The body's bytes as text. */
  readonly text: string;
  /** Whether `validate()` passes. When not, no consumer ever sees the message: it is lost without a trace. */
  readonly valid: boolean;
  readonly problem?: string;
  /** What the library logged: a missing schema, severity or encoding goes through with no more than that. */
  readonly complaints: readonly string[];
  /** These are there when it is valid. */
  readonly className?: string;
  readonly severity?: number;
  readonly body?: unknown;
  readonly summary?: string;
}

export interface ClientOptions {
  readonly user?: BrokerUser;
  /** By certificate; default: by password. */
  readonly tls?: boolean;
  /** What is consumed; default: the queue that is named as the user. */
  readonly queue?: string;
  readonly withinMs?: number;
}

const PROGRAM = fileURLToPath(new URL('fedora-messaging.py', import.meta.url));
const WITHIN_MS = 60_000;
/** Python, its imports and the login, on a loaded machine; beyond what a caller waits for messages. */
const START_LIMIT_MS = 60_000;
const run = promisify(execFile);

export class FedoraMessaging {
  readonly #bin: string;
  readonly #broker: Broker;

  private constructor(bin: string, broker: Broker) {
    this.#bin = bin;
    this.#broker = broker;
  }

  /** Installs the library when it is not there yet; throws when that is not possible. */
  static async install(broker: Broker): Promise<FedoraMessaging> {
    return new FedoraMessaging(await fedoraPython(), broker);
  }

  /** `api.publish` for each, as `pungi` by default; a refusal is an outcome, not an error. */
  async publish(
    messages: readonly FedoraMessage[],
    options: ClientOptions = {},
  ): Promise<PublishOutcome[]> {
    const args = [PROGRAM, 'publish'];
    const stdout = await this.#run('python', args, { user: 'pungi', ...options }, messages);
    return jsonLines<PublishOutcome>(stdout);
  }

  /** The library's consumer takes `count` messages, as `observer` by default; throws when fewer come. */
  async consume(count: number, options: ClientOptions = {}): Promise<JudgedMessage[]> {
    const { withinMs = WITHIN_MS } = options;
    const args = [PROGRAM, 'consume', `${count}`, `${withinMs / 1000}`];
    const stdout = await this.#run('python', args, { user: 'observer', ...options });
    const messages = jsonLines<JudgedMessage>(stdout);
    if (messages.length < count) {
      const topics = messages.map(({ topic }) => topic).join(', ');
      throw new Error(`${messages.length} of ${count} messages within ${withinMs} ms: ${topics}`);
    }
    return messages;
  }

  /** `fedora-messaging publish FILE`; returns what it prints, throws when it fails. */
  async publishFile(
    messages: readonly Omit<FedoraMessage, 'severity' | 'schema'>[],
    options: ClientOptions = {},
  ): Promise<string> {
    return await withTempDir(async (directory) => {
      const file = join(directory, 'messages');
      const lines = messages.map((message) => JSON.stringify({ id: randomUUID(), ...message }));
      await writeFile(file, `${lines.join('\n')}\n`);
      return await this.#run('fedora-messaging', ['publish', file], { user: 'pungi', ...options });
    });
  }

  /** `fedora-messaging consume --callback-file`: the command that Fedora's consumers run as, for `count` messages. */
  async consumeByCommand(
    count: number,
    options: ClientOptions = {},
  ): Promise<Pick<JudgedMessage, 'id' | 'topic' | 'severity' | 'body'>[]> {
    const args = ['consume', '--callback-file', `${PROGRAM}:print_message`];
    const stdout = await this.#run('fedora-messaging', args, {
      user: 'observer',
      ...options,
      count,
    });
    return jsonLines(stdout);
  }

  async #run(
    program: string,
    args: readonly string[],
    options: ClientOptions & { user: BrokerUser; count?: number },
    input: unknown = null,
  ): Promise<string> {
    const { withinMs = WITHIN_MS } = options;
    return await withTempDir(async (directory) => {
      const configFile = join(directory, 'config.toml');
      const { user, tls = false, queue = user, count = 0 } = options;
      const login = tls ? await this.#broker.tlsFor(user) : { url: this.#broker.url(user) };
      await writeFile(configFile, fedoraMessagingConfig({ login, queue, count, app: user }));
      const running = run(join(this.#bin, program), args, {
        env: {
          PATH: process.env['PATH'],
          HOME: directory,
          LANG: 'C.UTF-8',
          FEDORA_MESSAGING_CONF: configFile,
        },
        timeout: withinMs + START_LIMIT_MS,
        maxBuffer: 64 * 1024 * 1024,
      });
      running.child.stdin?.on('error', () => undefined);
      running.child.stdin?.end(JSON.stringify(input));
      return (await running.catch(withItsLastWords)).stdout;
    });
  }
}

/** The commands explain themselves on either output. */
function withItsLastWords(error: Error & { stdout?: string; stderr?: string }): never {
  const said = lastLines(`${error.stdout ?? ''}\n${error.stderr ?? ''}`, 10);
  throw new Error(`fedora-messaging failed:\n${said}`, { cause: error });
}

async function withTempDir<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'fedimg-test-fedora-messaging-'));
  try {
    return await body(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The library's own log is on stdout, too. */
function jsonLines<T>(stdout: string): T[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as T);
}
