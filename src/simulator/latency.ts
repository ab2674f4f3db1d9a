/** How long everything takes: all durations of the local cloud, by profile. */

import type { Random } from './random.js';
import { createRandom } from './random.js';

export const LATENCY_PROFILES = ['instant', 'fast', 'aws'] as const;
export type LatencyProfile = (typeof LATENCY_PROFILES)[number];

/** A duration in milliseconds, drawn anew each time between the two ends. */
type Span = readonly [fromMs: number, toMs: number];

interface Spans {
  /** RunInstances and StartInstances until `running`. */
  readonly instancePending: Span;
  /** From power-on until the guest is up. */
  readonly guestBoot: Span;
  /** From the guest being up until both status checks pass; or from its failure until `impaired`. */
  readonly statusChecks: Span;
  /** Until GetConsoleOutput without `Latest` shows what was written at boot. */
  readonly consolePosted: Span;
  readonly instanceStopping: Span;
  readonly instanceShuttingDown: Span;
  /** How long a terminated instance is still listed (EC2: about an hour). */
  readonly terminatedListed: Span;
  readonly volumeCreating: Span;
  readonly volumeAttaching: Span;
  readonly volumeDetaching: Span;
  readonly volumeDeleting: Span;
  readonly snapshotPending: Span;
  readonly snapshotCopy: Span;
  /** From CompleteSnapshot until `completed`. */
  readonly snapshotSealing: Span;
  /** One PutSnapshotBlock or GetSnapshotBlock. */
  readonly blockTransfer: Span;
  readonly imagePending: Span;
  /** How long a deregistered image is still listed as deregistered. */
  readonly deregisteredListed: Span;
  /** How long the name of a deregistered image stays taken. */
  readonly imageNameFreed: Span;
  /** Until a changed block on public images is in force (EnableImageBlockPublicAccess: up to 10 minutes). */
  readonly publicAccessBlock: Span;
  /** How long a new id may not be found (eventual consistency). */
  readonly consistencyLag: Span;
  /** Until a machine's SSM agent shows up and a command is delivered. */
  readonly agentRegistration: Span;
  readonly commandDelivery: Span;
}

export type LatencyName = keyof Spans;

export interface Latency {
  readonly profile: LatencyProfile;
  /** Draws the duration of that name, in milliseconds. */
  draw(name: LatencyName): number;
}

const instant: Span = [0, 0];
const minuteMs = 60_000;

const profiles: Record<LatencyProfile, Spans> = {
  instant: {
    instancePending: instant,
    guestBoot: instant,
    statusChecks: instant,
    consolePosted: instant,
    instanceStopping: instant,
    instanceShuttingDown: instant,
    terminatedListed: [10 * minuteMs, 10 * minuteMs],
    volumeCreating: instant,
    volumeAttaching: instant,
    volumeDetaching: instant,
    volumeDeleting: instant,
    snapshotPending: instant,
    snapshotCopy: instant,
    snapshotSealing: instant,
    blockTransfer: instant,
    imagePending: instant,
    deregisteredListed: instant,
    imageNameFreed: instant,
    publicAccessBlock: instant,
    consistencyLag: instant,
    agentRegistration: instant,
    commandDelivery: instant,
  },
  fast: {
    instancePending: [150, 400],
    guestBoot: [30, 120],
    statusChecks: [150, 400],
    consolePosted: [150, 600],
    instanceStopping: [150, 400],
    instanceShuttingDown: [150, 400],
    terminatedListed: [10 * minuteMs, 10 * minuteMs],
    volumeCreating: [150, 300],
    volumeAttaching: [150, 300],
    volumeDetaching: [150, 300],
    volumeDeleting: [150, 300],
    snapshotPending: [200, 600],
    snapshotCopy: [300, 600],
    snapshotSealing: [100, 300],
    blockTransfer: instant,
    imagePending: [150, 400],
    deregisteredListed: [200, 800],
    imageNameFreed: instant,
    publicAccessBlock: [200, 800],
    consistencyLag: instant,
    agentRegistration: [150, 500],
    commandDelivery: [20, 100],
  },
  // Orders of magnitude as seen in public build logs; AWS does not document them.
  aws: {
    instancePending: [8_000, 25_000],
    guestBoot: [10_000, 40_000],
    statusChecks: [60_000, 180_000],
    consolePosted: [60_000, 240_000],
    instanceStopping: [15_000, 60_000],
    instanceShuttingDown: [20_000, 60_000],
    terminatedListed: [60 * minuteMs, 60 * minuteMs],
    volumeCreating: [2_000, 8_000],
    volumeAttaching: [2_000, 6_000],
    volumeDetaching: [3_000, 10_000],
    volumeDeleting: [2_000, 10_000],
    snapshotPending: [60_000, 240_000],
    snapshotCopy: [4 * minuteMs, 15 * minuteMs],
    snapshotSealing: [10_000, 60_000],
    // EBS user guide, "Optimize performance for EBS direct APIs": 100 ms a block is its example.
    blockTransfer: [60, 140],
    imagePending: [5_000, 45_000],
    deregisteredListed: [5_000, 60_000],
    imageNameFreed: [5_000, 60_000],
    publicAccessBlock: [minuteMs, 10 * minuteMs],
    consistencyLag: [0, 3_000],
    agentRegistration: [20_000, 90_000],
    commandDelivery: [500, 3_000],
  },
};

/**
 * Each name has a sequence of its own: with a seed, its durations are the same however often the caller polls.
 * `scale` multiplies all of them: 0.1 makes ten minutes one.
 */
export function createLatency(profile: LatencyProfile, random: Random, scale = 1): Latency {
  const spans = profiles[profile];
  const seed = Number.parseInt(random.hex(12), 16);
  const names = Object.keys(spans);
  const sequences = new Map(names.map((name, index) => [name, createRandom(seed, index)]));
  return {
    profile,
    draw: (name) => Math.round(scale * (sequences.get(name) ?? random).between(...spans[name])),
  };
}
