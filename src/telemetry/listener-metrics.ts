/** What one listener read from the broker, and whether it is connected. */

import type { MetricRegistry } from './metric-registry.js';

export const LISTENER_RESULTS = ['taken', 'ignored', 'broken', 'retried', 'requeued'] as const;
export type ListenerResult = (typeof LISTENER_RESULTS)[number];

export class ListenerMetrics {
  readonly #messages;
  readonly #last;
  readonly #connected;

  constructor(registry: MetricRegistry) {
    this.#messages = registry.counter('fedimg_listener_messages_total', {
      help: 'Messages from the broker, by what the listener did with them.',
      labels: ['result'],
    });
    this.#last = registry.absentGauge(
      'fedimg_listener_last_message_timestamp_seconds',
      'When the listener last read a message; absent before the first one of this process.',
    );
    this.#connected = registry.gauge('fedimg_listener_connected', {
      help: '1 while the listener is connected to the broker.',
    });
    for (const result of LISTENER_RESULTS) this.#messages.inc({ result }, 0);
  }

  connected(isConnected: boolean): void {
    this.#connected.set(isConnected ? 1 : 0);
  }

  read(): void {
    this.#last.setTime(Date.now());
  }

  count(result: ListenerResult): void {
    this.#messages.inc({ result });
  }
}
