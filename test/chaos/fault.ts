/** One fault of a run: what goes wrong, at which call; and its one-word text, which can be given back. */

/** Made by the proxy between worker and cloud, or on the processes. */
export const DRIVER_KINDS = [
  /** SIGKILL before the call is sent on: it has no effect. */
  'kill-before',
  /** SIGKILL after the effect, before the answer. */
  'kill-effect',
  /** SIGKILL as soon as the answer is delivered. */
  'kill-answer',
  /** SIGTERM, and a new worker: what a deployment does. */
  'stop',
  /** Takes effect and is never answered: the client's own time-out ends it. */
  'hang',
  /** The connection is cut before the call is sent on. */
  'reset-before',
  /** The connection is cut instead of an answer. */
  'reset-after',
  /** The worker is paused for longer than its heartbeat time-out, beside a new one, and wakes up again. */
  'zombie',
  /** SIGKILL of the Temporal server, which comes back `forMs` later on its database. */
  'temporal',
  /** Nothing in the region answers for `forMs`. */
  'region-dead',
  'cancel',
  'terminate',
  /** The sweep of this installation runs beside the publication. */
  'sweep',
  /** The sweep of an installation on another Temporal server: with the same account, deployment and configuration. */
  'sweep-elsewhere',
  /** AWS does not know the key pair for `forMs`, as while keys are rolled. */
  'unknown-key',
  /** The session of the key pair has ended; AWS takes a new one `forMs` later. */
  'expired-session',
  /** The operator retries the region as soon as it waits or is left out. */
  'retry',
  'skip',
  /** The operator pauses the run, and resumes it `forMs` later. */
  'pause',
  'approve',
] as const;
export type DriverKind = (typeof DRIVER_KINDS)[number];

/** What an operator may do with a run that is under way. */
export const ACTS = ['retry', 'skip', 'pause', 'approve'] as const;
export type Act = (typeof ACTS)[number];

/** Rules of the local cloud itself. */
export const CLOUD_KINDS = [
  'throttle',
  'error',
  'lost-request',
  'lost-answer',
  'not-found',
  'stale-list',
  'stale-tags',
  'stale-read',
  'capacity',
  'quota',
  'refusal',
  'slow',
  'agent-death',
  'instance-loss',
  'fails-later',
  'stuck',
] as const;
export type CloudKind = (typeof CLOUD_KINDS)[number];

export interface CallPoint {
  readonly action: string;
  readonly region: string;
  /** 1 is the run's first call of this action in this region. */
  readonly occurrence: number;
}

export interface Fault {
  readonly kind: DriverKind | CloudKind;
  readonly at: CallPoint;
  /** How many calls in a row are hit; 1 by default. */
  readonly count?: number;
  /** How long it lasts, in milliseconds, where that means something. */
  readonly forMs?: number;
}

export function pointName({ action, region, occurrence }: CallPoint): string {
  return `${action}/${region}#${occurrence}`;
}

/** `kill-effect@RegisterImage/eu-west-1#2`, `throttle@CopySnapshot/us-east-2#1:count=2`. */
export function faultText({ kind, at, count, forMs }: Fault): string {
  const options = [
    ...(count === undefined ? [] : [`count=${count}`]),
    ...(forMs === undefined ? [] : [`forMs=${forMs}`]),
  ];
  return `${kind}@${pointName(at)}${options.length === 0 ? '' : `:${options.join(',')}`}`;
}

const FAULT = /^([a-z-]+)@(\w+)\/([a-z0-9-]+)#(\d+)(?::([\w=,]+))?$/;

/** Throws a `TypeError` that names the word and what is expected. */
export function parseFault(text: string): Fault {
  const [, kind, action = '', region = '', occurrence = '', options = ''] = FAULT.exec(text) ?? [];
  const known = [...DRIVER_KINDS, ...CLOUD_KINDS].find((one) => one === kind);
  if (known === undefined) {
    throw new TypeError(
      `"${text}" is not a fault; write KIND@Action/region#N[:count=N,forMs=N], KIND one of ${[...DRIVER_KINDS, ...CLOUD_KINDS].join(', ')}`,
    );
  }
  const numbers: { count?: number; forMs?: number } = {};
  for (const option of options.split(',').filter((one) => one !== '')) {
    const [name, value] = option.split('=');
    if ((name !== 'count' && name !== 'forMs') || !/^\d+$/.test(value ?? '')) {
      throw new TypeError(`"${option}" of "${text}" is neither count=N nor forMs=N`);
    }
    numbers[name] = Number(value);
  }
  return { kind: known, at: { action, region, occurrence: Number(occurrence) }, ...numbers };
}

export function isDriverFault(fault: Fault): fault is Fault & { readonly kind: DriverKind } {
  return DRIVER_KINDS.some((kind) => kind === fault.kind);
}

export function isRead(action: string): boolean {
  return /^(?:Describe|List|Get)/.test(action);
}
