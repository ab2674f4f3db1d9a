/** Makes the faults of one schedule happen: on the wire, on the processes, in the cloud; and counts what was reached. */

import { setTimeout as delay } from 'node:timers/promises';
import type { FaultRule } from '../../src/simulator/index.js';
import type { CallHook, ProxiedCall, Verdict } from './cloud-proxy.js';
import type { Act, Fault } from './fault.js';
import { isDriverFault } from './fault.js';

/** What a fault does to the processes around a call. */
export interface Hands {
  /** SIGKILL of the worker behind the door; a new one starts. */
  kill(door: string): Promise<void>;
  stop(door: string): Promise<void>;
  /** Pauses it, starts another, and wakes it when its heartbeats are overdue. */
  pauseBesideAnother(door: string): Promise<void>;
  restartTemporal(downMs: number): Promise<void>;
  cancel(): Promise<void>;
  terminate(): Promise<void>;
  /** Resolves when the sweep of this or of the other installation has ended. */
  sweep(installation: 'own' | 'elsewhere'): Promise<void>;
  /** AWS answers every call with this code for the time. */
  refuseCredentials(code: string, forMs: number): Promise<void>;
  /** What the operator does; resolves when the run has answered. */
  act(kind: Act, fault: Fault): Promise<void>;
}

interface Armed {
  readonly fault: Fault;
  readonly index: number;
}

export class Disturber implements CallHook {
  /** Indexes of driver faults that came to pass. */
  readonly #reached = new Set<number>();
  readonly #armed: readonly Armed[];
  readonly #hands: Hands;
  readonly #deadUntil = new Map<string, number>();
  readonly #underWay = new Set<Promise<void>>();
  readonly errors: string[] = [];

  constructor(faults: readonly Fault[], hands: Hands) {
    this.#armed = faults.map((fault, index) => ({ fault, index }));
    this.#hands = hands;
  }

  async before(call: ProxiedCall): Promise<Verdict> {
    let verdict: Verdict =
      performance.now() < (this.#deadUntil.get(call.region) ?? 0) ? 'cut' : 'pass';
    for (const { fault, index } of this.#at(call)) {
      switch (fault.kind) {
        case 'kill-before':
          await this.#do(index, () => this.#hands.kill(call.door));
          verdict = 'cut';
          break;
        case 'reset-before':
          this.#reached.add(index);
          verdict = 'cut';
          break;
        case 'region-dead':
          this.#reached.add(index);
          this.#deadUntil.set(call.region, performance.now() + (fault.forMs ?? 1_000));
          verdict = 'cut';
          break;
        case 'stop':
          this.#aside(index, () => this.#hands.stop(call.door));
          break;
        case 'temporal':
          this.#aside(index, () => this.#hands.restartTemporal(fault.forMs ?? 0));
          break;
        case 'cancel':
          await this.#do(index, () => this.#hands.cancel());
          break;
        case 'terminate':
          await this.#do(index, () => this.#hands.terminate());
          break;
        case 'sweep':
          this.#aside(index, () => this.#hands.sweep('own'));
          break;
        case 'sweep-elsewhere':
          this.#aside(index, () => this.#hands.sweep('elsewhere'));
          break;
        // EC2 user guide, "Error codes for the Amazon EC2 API": AuthFailure, RequestExpired.
        case 'unknown-key':
          await this.#do(index, () => this.#hands.refuseCredentials('AuthFailure', forMsOf(fault)));
          break;
        case 'expired-session':
          await this.#do(index, () =>
            this.#hands.refuseCredentials('RequestExpired', forMsOf(fault)),
          );
          break;
        case 'retry':
        case 'skip':
        case 'pause':
        case 'approve':
          this.#aside(index, () => this.#hands.act(fault.kind as Act, fault));
          break;
        default:
      }
    }
    return verdict;
  }

  async after(call: ProxiedCall): Promise<Verdict> {
    let verdict: Verdict = 'pass';
    for (const { fault, index } of this.#at(call)) {
      switch (fault.kind) {
        case 'kill-effect':
          await this.#do(index, () => this.#hands.kill(call.door));
          verdict = 'cut';
          break;
        case 'reset-after':
          this.#reached.add(index);
          verdict = 'cut';
          break;
        case 'hang':
          this.#reached.add(index);
          verdict = 'hang';
          break;
        case 'zombie':
          // Its answer waits in the socket, and is the first thing that it reads when it wakes up.
          this.#aside(index, () => this.#hands.pauseBesideAnother(call.door));
          break;
        default:
      }
    }
    return verdict;
  }

  answered(call: ProxiedCall): void {
    for (const { fault, index } of this.#at(call)) {
      if (fault.kind === 'kill-answer') this.#aside(index, () => this.#hands.kill(call.door));
    }
  }

  /** Resolves when nothing that a fault began is under way any more. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  reached(index: number): boolean {
    return this.#reached.has(index);
  }

  #at({ action, region, occurrence }: ProxiedCall): Armed[] {
    return this.#armed.filter(
      ({ fault: { at } }) =>
        at.action === action && at.region === region && at.occurrence === occurrence,
    );
  }

  #aside(index: number, act: () => Promise<void>): void {
    void this.#do(index, act);
  }

  #do(index: number, act: () => Promise<void>): Promise<void> {
    this.#reached.add(index);
    const done = act().catch((error: unknown) => void this.errors.push(String(error)));
    this.#underWay.add(done);
    void done.then(() => this.#underWay.delete(done));
    return done;
  }
}

function forMsOf({ forMs = 1_000 }: Fault): number {
  return forMs;
}

/** The rules for those faults that the cloud makes itself; a rule's id is the fault's index. */
export function cloudRules(faults: readonly Fault[]): Partial<FaultRule>[] {
  return faults.flatMap((fault, index) => {
    if (isDriverFault(fault)) return [];
    const { kind, at, count = 1, forMs } = fault;
    const time = forMs === undefined ? {} : kind === 'slow' ? { delayMs: forMs } : { forMs };
    return [{ id: String(index), kind: kind as FaultRule['kind'], ...at, count, ...time }];
  });
}

/** Tries until it succeeds: the server may be down when the test cancels a run. */
export async function insist<T>(act: () => Promise<T>, withinMs = 30_000): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (performance.now() > end) throw error;
      await delay(200);
    }
  }
}
