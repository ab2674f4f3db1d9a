/** `fedimg listen`: from the message broker to Temporal, until SIGINT or SIGTERM. */

import { Command } from 'commander';
import type { Logger } from 'pino';
import { ComposeListener } from '../client/compose-listener.js';
import type { MessagingConfig } from '../config/schema.js';
import { loadConfig } from '../config/load.js';
import type { LogLevel } from '../model/log-level.js';
import type { Delivery } from '../messaging/consumer.js';
import { ListenerMetrics } from '../telemetry/listener-metrics.js';
import { consume } from '../messaging/consumer.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT } from './shared/exit-codes.js';
import { createLog } from './shared/log.js';
import { logLevelOption } from './shared/log-level.js';
import { METRICS_HELP, metricsAddress, newRegistry, openMetrics } from './shared/metrics.js';
import { globalOptions, terminalOf } from './shared/options.js';
import { CommandError } from './shared/problem.js';
import { serviceManager } from './shared/service-manager.js';
import { withSession } from './shared/with-session.js';

interface ListenOptions {
  readonly logLevel?: LogLevel;
  readonly metrics?: string;
}

export function createCommand(): Command {
  const command = logLevelOption(new Command('listen')).option(
    '--metrics <address>',
    `${METRICS_HELP}, as 127.0.0.1:9465`,
  );
  withHelp(command, {
    examples: ['fedimg listen --config /etc/fedimg.toml'],
    notes:
      'Reads [messaging] and [composes]. It acknowledges a message when Temporal has it, drops a malformed one, and waits through an outage.',
  });
  command.action(async (options: ListenOptions) => {
    await run(command, options);
    finish(EXIT.done);
  });
  return command;
}

async function run(command: Command, { logLevel, metrics: option }: ListenOptions): Promise<void> {
  terminalOf(command);
  const options = globalOptions(command);
  const path = options.config === undefined ? {} : { path: options.config };
  const { config, file } = await loadConfig({ ...path, env: process.env, cwd: process.cwd() });
  const { messaging, composes, worker, timing } = config;
  const { url } = messaging;
  if (url === undefined) throw noBroker(file);
  const configured = config.metrics.listener;
  const address = metricsAddress({ option, configured, env: process.env });
  const log = createLog(logLevel ?? config.log.level, config.log);
  const registry = newRegistry('listener');
  const metrics = new ListenerMetrics(registry);
  const served = address === undefined ? undefined : await openMetrics(registry, { address, log });
  const stop = stopSignal(log);
  const manager = serviceManager(log);
  await withSession({ config: file, env: process.env }, async ({ session }) => {
    const listener = new ComposeListener(session, {
      taskQueue: worker.taskQueue,
      timeScale: timing.scale,
      filter: composes,
      topics: messaging.bindings,
      log,
      signal: stop,
      onCount: (result) => metrics.count(result),
    });
    // A broker that is away is waited for: the service itself is up.
    manager.ready(`reads the queue ${messaging.queue}`);
    await listenTo({ ...messaging, url }, { listener, log, signal: stop, metrics });
    log.info({ counts: listener.counts }, 'stopped listening');
  }).finally(() => {
    manager.close();
    return served?.close();
  });
}

function listenTo(
  settings: MessagingConfig & { readonly url: string },
  {
    listener,
    log,
    signal,
    metrics,
  }: {
    readonly listener: ComposeListener;
    readonly log: Logger;
    readonly signal: AbortSignal;
    readonly metrics: ListenerMetrics;
  },
): Promise<void> {
  const handle = (delivery: Delivery) => {
    metrics.read();
    return listener.handle(delivery);
  };
  return consume(settings, handle, {
    signal,
    onListening: (where) => {
      metrics.connected(true);
      log.info({ where, counts: listener.counts }, 'listening');
    },
    onMayNotBind: (reason) =>
      log.debug({ reason }, 'the broker refuses bindings: its administrator must bind the queue'),
    onDisconnected: (reason, delayMs) => {
      metrics.connected(false);
      log.error(
        { reason, nextTrySeconds: Math.ceil(delayMs / 1000) },
        'the broker is disconnected',
      );
    },
  });
}

/** The first signal lets messages in work finish; the second one ends the process. */
function stopSignal(log: Logger): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping after the messages in work');
      stop.abort();
    });
  }
  return stop.signal;
}

function noBroker(file: string): CommandError {
  return new CommandError({
    what: `${file} does not name a message broker`,
    next: 'Set messaging.url and messaging.topic_prefix. Without a broker, use `fedimg compose signal`.',
    exitCode: EXIT.usage,
  });
}
