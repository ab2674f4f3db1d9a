/** The SSM agent of an instance: waits until it is there, and notices when it is gone. */

import { setMaxListeners } from 'node:events';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import { printable } from '../model/printable.js';
import { readConsole } from './console-output.js';
import { waitUntilLost } from './instances.js';
import type { RegionAccess } from './region-access.js';

/** The last screens of a boot. */
const CONSOLE_CHARACTERS_MAX = 4_000;

/** Gets the console; the failure that it returns ends the wait. `isLast` is true when the patience has ended. */
export type ConsoleReader = (console: string, isLast: boolean) => ServiceError | undefined;

/**
 * Resolves when the instance's agent answers; rejects as `lost` when the instance ends instead, or, with the end
 * of its console, when the agent does not answer in time. `onConsole` gets the console now and then; it may find why no agent will come.
 */
export async function waitUntilAgentOnline(
  ec2: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
  onConsole?: ConsoleReader,
): Promise<void> {
  const isOnline = await waitForAgent(ec2, instanceId, signal, onConsole);
  if (isOnline) return;
  // The console shows why the image did not boot, or why the agent was not installed.
  const console = await readConsole(ec2, instanceId, signal).catch(() => '');
  const failure = onConsole?.(console, true);
  if (failure !== undefined) throw failure;
  const end = console.replaceAll('\r\n', '\n').slice(-CONSOLE_CHARACTERS_MAX);
  throw agentMissing(ec2, instanceId, printable(end));
}

/** False when the agent did not register within the patience. */
function waitForAgent(
  ec2: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
  onConsole: ConsoleReader | undefined,
): Promise<boolean> {
  const beginMs = ec2.clock.elapsed();
  return untilLost(
    ec2,
    instanceId,
    signal,
    (untilEither) =>
      ec2.agents.wait(
        instanceId,
        (agent) => {
          if (agent?.PingStatus === 'Online') return true;
          return ec2.clock.elapsed() - beginMs > ec2.settings.agentPatienceMs ? false : undefined;
        },
        untilEither,
        { kind: 'agent-online' },
      ),
    onConsole === undefined ? [] : [watchConsole(onConsole)],
  );
}

/** Of the patience for an agent: every 30 s by default. A console is slow to change, and its reads are throttled. */
const CONSOLE_READS = 20;

/** Rejects with the failure that the console shows; never resolves. */
function watchConsole(onConsole: ConsoleReader): typeof waitUntilLost {
  return async (ec2, instanceId, signal) => {
    for (;;) {
      await ec2.clock.delay(ec2.settings.agentPatienceMs / CONSOLE_READS, signal);
      // Only the agent decides while EC2 does not show the console.
      const console = await readConsole(ec2, instanceId, signal).catch(() => '');
      const failure = onConsole(console, false);
      if (failure !== undefined) throw failure;
    }
  };
}

/** Does the work. Rejects as `lost` when the instance ends first, or when one of `alsoWatched` rejects. */
export async function untilLost<T>(
  ec2: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  alsoWatched: readonly (typeof waitUntilLost)[] = [],
): Promise<T> {
  const either = new AbortController();
  const both = AbortSignal.any([signal, either.signal]);
  // Every command that is sent adds a listener.
  setMaxListeners(0, both);
  const watches = [waitUntilLost, ...alsoWatched].map((watch) => watch(ec2, instanceId, both));
  try {
    return await Promise.race([work(both), ...watches]);
  } finally {
    either.abort(new Error('the other wait has ended'));
    for (const watch of watches) watch.catch(() => undefined);
  }
}

/** Rejects as `lost` when the agent has been silent for its patience; never resolves. The commands of a dead agent never end. */
export function waitUntilAgentLost(
  ec2: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
): Promise<never> {
  let silentSince: number | undefined;
  return ec2.agents.wait<never>(
    instanceId,
    (agent) => {
      if (agent?.PingStatus === 'Online') silentSince = undefined;
      else silentSince ??= ec2.clock.elapsed();
      if (silentSince === undefined) return undefined;
      if (ec2.clock.elapsed() - silentSince <= ec2.settings.agentPatienceMs) return undefined;
      throw agentDead(ec2, instanceId);
    },
    signal,
    { kind: 'watch' },
  );
}

/** The agent was there and does not answer any more. */
export function agentDead(ec2: RegionAccess, instanceId: string, cause?: unknown): ServiceError {
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the SSM agent of ${instanceId} in ${ec2.name} does not answer any more${cause instanceof Error ? `: ${cause.message}` : ''}`,
    {
      code: 'agent-dead',
      class: 'lost',
      next: 'The worker launches a new instance; you need not do anything.',
      region: ec2.name,
      resource: instanceId,
    },
    { cause },
  );
}

function agentMissing(ec2: RegionAccess, instanceId: string, console: string): ServiceError {
  const minutes = Math.round(ec2.settings.agentPatienceMs / 60_000);
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the SSM agent of ${instanceId} in ${ec2.name} did not register within ${minutes} minutes`,
    {
      code: 'agent-missing',
      class: 'lost',
      next: 'The worker launches a new instance. If its agent does not register either, check that it boots (the output shows its console), that its instance profile allows SSM, and that it reaches the ssm endpoints on port 443.',
      region: ec2.name,
      resource: instanceId,
      ...(console === '' ? {} : { output: console }),
    },
  );
}
