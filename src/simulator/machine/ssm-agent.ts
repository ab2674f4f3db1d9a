/** The SSM agent of one machine: whether it runs, and whether it has registered. */

export class SsmAgent {
  readonly #registers: boolean;
  readonly #registrationMs: () => number;
  #running = false;
  #registered = false;
  #timer: NodeJS.Timeout | undefined;

  /** Without an instance profile the agent has no permission to register, however long it runs. */
  constructor(registers: boolean, registrationMs: () => number) {
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
    this.#timer = setTimeout(() => (this.#registered = true), this.#registrationMs()).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#running = false;
    this.#registered = false;
  }
}
