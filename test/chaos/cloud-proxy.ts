/** The network between workers and the local cloud: it counts every call, and does with it what a hook says. */

import type { IncomingMessage } from 'node:http';
import type { Relay, RelayedRequest, RelayVerdict } from '../support/relay.js';
import { openRelay } from '../support/relay.js';
import { readCall } from '../matrix/call-site.js';
import type { CallPoint } from './fault.js';

export interface ProxiedCall extends CallPoint {
  /** Whose door it came in by. */
  readonly door: string;
  readonly userAgent: string;
}

/** `cut` destroys the connection, `hang` never answers. */
export type Verdict = 'pass' | 'cut' | 'hang';

export interface CallHook {
  /** The call has not been sent on. */
  before(call: ProxiedCall): Promise<Verdict>;
  /** The cloud has answered, the caller has not heard it. */
  after(call: ProxiedCall): Promise<Verdict>;
  /** The caller has the answer. */
  answered(call: ProxiedCall): void;
}

const PASS: CallHook = {
  before: () => Promise.resolve('pass'),
  after: () => Promise.resolve('pass'),
  answered: () => undefined,
};

export class CloudProxy {
  readonly #doors = new Map<string, Relay>();
  #upstream: URL | undefined;
  #hook = PASS;
  #counts = new Map<string, number>();
  #calls: CallPoint[] = [];

  /** Where calls go from now on; counts begin anew. Undefined: everything is cut. */
  connect(upstream: string | undefined, hook: CallHook = PASS): void {
    this.#upstream = upstream === undefined ? undefined : new URL(upstream);
    this.#hook = hook;
    this.#counts = new Map();
    this.#calls = [];
  }

  /** The calls since `connect`, in their order. */
  calls(): readonly CallPoint[] {
    return this.#calls;
  }

  /** An address of its own for one worker process, so that the hook knows who calls. */
  async open(door: string): Promise<string> {
    const relay = await openRelay((request) => this.#pass(door, request));
    this.#doors.set(door, relay);
    return relay.url;
  }

  async shut(door: string): Promise<void> {
    const open = this.#doors.get(door);
    this.#doors.delete(door);
    await open?.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#doors.keys()].map((door) => this.shut(door)));
  }

  async #pass(
    door: string,
    { message, body, sendTo, answered }: RelayedRequest,
  ): Promise<RelayVerdict> {
    const upstream = this.#upstream;
    const hook = this.#hook;
    if (upstream === undefined) return 'cut';
    const call = this.#count(door, message, body);
    const first = await hook.before(call);
    if (first !== 'pass') return first;
    const answer = await sendTo(upstream);
    const second = await hook.after(call);
    if (second !== 'pass') return second;
    if (answer !== undefined) void answered.then(() => hook.answered(call));
    return answer ?? 'cut';
  }

  #count(door: string, message: IncomingMessage, body: Buffer): ProxiedCall {
    const { action, region } = readCall(message, body.toString('utf8'));
    const key = `${action}/${region}`;
    const occurrence = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, occurrence);
    this.#calls.push({ action, region, occurrence });
    return { action, region, occurrence, door, userAgent: message.headers['user-agent'] ?? '' };
  }
}
