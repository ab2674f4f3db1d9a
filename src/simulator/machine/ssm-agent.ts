/** The SSM agent of one machine: whether it runs, and whether it has registered. */

import type { Clock } from '../clock.js';

export class SsmAgent {
  readonly #clock: Clock;
  readonly #registers: boolean;
  readonly #registrationMs: () => number;
  #running = false;
  #registered = false;
  #unschedule: (() => void) | undefined;

  /** Without an instance profile the agent has no permission to register, however long it runs. */
  constructor(clock: Clock, registers: boolean, registrationMs: () => number) {
    this.#clock = clock;
    this.#registers = registers;
    this.#registrationMs = registrationMs;
  }

  get online(): boolean {
    return this.#running && this.#registered;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    if (!this.#registers) return;
    this.#unschedule = this.#clock.schedule(this.#registrationMs(), () => {
      this.#registered = true;
    });
  }

  stop(): void {
    this.#unschedule?.();
    this.#running = false;
    this.#registered = false;
  }
}
