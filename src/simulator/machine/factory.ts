/** Makes the machines of one simulator. */

import type { Clock } from '../clock.js';
import { createClock } from '../clock.js';
import { isGuestMode, guestModes, bestGuestMode } from './guest-mode.js';
import type { GuestMode } from './guest-mode-name.js';
import { LocalMachine } from './local-machine.js';
import { createMachineHost, type MachineHost } from './machine-host.js';
import type { MachineFactory, MachineSpec } from './machine.js';

export interface MachineFactoryOptions {
  readonly log: (line: string) => void;
  /** The system's time by default. */
  readonly clock?: Clock;
  /** Forces a mode; default: FEDIMG_SIMULATOR_GUESTS (`loop`, `files` or `shims`), else the best that works here. */
  readonly mode?: GuestMode;
  /** From power-on until the guest is up, in milliseconds; default 50. */
  readonly bootMs?: () => number;
  /** From the agent's start until it is registered, in milliseconds; default 50. */
  readonly agentRegistrationMs?: () => number;
  /** How long a minute of `shutdown +N` takes; default 60,000. */
  readonly minuteMs?: number;
}

const defaultDelayMs = 50;

/** The first machine finds out the mode. A forced mode that this host refuses makes it fail. */
export function createMachineFactory(options: MachineFactoryOptions): MachineFactory {
  const clock = options.clock ?? createClock();
  let opened: Promise<MachineHost> | undefined;
  const openHost = (): Promise<MachineHost> => (opened ??= describeHost(options, clock));
  const open = async (spec: MachineSpec): Promise<LocalMachine> =>
    LocalMachine.open(spec, await openHost());
  return {
    create: (spec) => clock.holdDuring(open(spec)),
    resume: async (spec) => {
      const machine = await clock.holdDuring(open(spec));
      // Guests end with their simulator; like after a power cut, the machine boots anew.
      machine.boot().catch((error: unknown) => {
        options.log(`${spec.instanceId}: the instance did not boot again: ${String(error)}`);
      });
      return machine;
    },
  };
}

async function describeHost(options: MachineFactoryOptions, clock: Clock): Promise<MachineHost> {
  const asked = options.mode ?? modeOfEnvironment();
  const { mode, reason } =
    asked === undefined ? await bestGuestMode() : { mode: asked, reason: 'as asked' };
  options.log(`guests: ${meanings[mode]}${reason === undefined ? '' : `; ${reason}`}`);
  return createMachineHost({
    mode,
    log: options.log,
    clock,
    bootMs: options.bootMs ?? (() => defaultDelayMs),
    agentRegistrationMs: options.agentRegistrationMs ?? (() => defaultDelayMs),
    minuteMs: options.minuteMs ?? 60_000,
  });
}

const meanings: Record<GuestMode, string> = {
  loop: 'Linux namespaces, disks are loop devices',
  files: 'Linux namespaces, disks are files',
  shims: 'no namespaces, only a folder and tools of their own',
};

function modeOfEnvironment(): GuestMode | undefined {
  const asked = process.env['FEDIMG_SIMULATOR_GUESTS'];
  if (asked === undefined || asked === '' || asked === 'auto') return undefined;
  if (isGuestMode(asked)) return asked;
  throw new Error(
    `FEDIMG_SIMULATOR_GUESTS is '${asked}'; it must be auto or one of ${guestModes.join(', ')}`,
  );
}
