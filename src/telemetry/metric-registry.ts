/** The metrics of one process: a registry with the process's own, and one way to make each kind of metric. */

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricText<T extends string> {
  readonly help: string;
  readonly labels?: readonly T[];
}

/** What made a process: each has its own scrape address. */
export type Role = 'worker' | 'listener';

export class MetricRegistry {
  readonly #registry = new Registry();

  /** `version` is fedimg's own. */
  constructor(version: string, role: Role) {
    collectDefaultMetrics({ register: this.#registry });
    const help = 'The version and the role of this process.';
    this.gauge('fedimg_build_info', { help, labels: ['version', 'role'] }).set(
      { version, role },
      1,
    );
  }

  /** All metrics in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Begins at zero with each process, so read it with `increase()` or `rate()`. */
  counter<T extends string = never>(name: string, text: MetricText<T>): Counter<T> {
    return new Counter({ ...this.#of(name, text) });
  }

  gauge<T extends string = never>(name: string, text: MetricText<T>): Gauge<T> {
    return new Gauge({ ...this.#of(name, text) });
  }

  /** A gauge that is absent until it has a value: a time that is not known must not read as 1970. */
  absentGauge(name: string, help: string): AbsentGauge {
    return new AbsentGauge(this.gauge(name, { help }));
  }

  histogram<T extends string>(
    name: string,
    text: MetricText<T> & { readonly buckets: readonly number[] },
  ): Histogram<T> {
    return new Histogram({ ...this.#of(name, text), buckets: [...text.buckets] });
  }

  #of<T extends string>(name: string, { help, labels = [] }: MetricText<T>) {
    return { name, help, labelNames: labels, registers: [this.#registry] };
  }
}

export class AbsentGauge {
  readonly #gauge: Gauge;

  constructor(gauge: Gauge) {
    this.#gauge = gauge;
    this.set(undefined);
  }

  set(value: number | undefined): void {
    if (value === undefined) this.#gauge.remove();
    else this.#gauge.set(value);
  }

  /** A time in milliseconds since 1970, or undefined. */
  setTime(ms: number | undefined): void {
    this.set(ms === undefined ? undefined : ms / 1000);
  }
}
