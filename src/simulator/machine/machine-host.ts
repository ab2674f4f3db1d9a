/** What all machines of one simulator share: the mode, the disks' helper, and how long things take. */

import { randomUUID } from 'node:crypto';

import type { Clock } from '../clock.js';
import { DiskKeeper } from './disk-keeper.js';
import type { GuestMode } from './guest-mode-name.js';

export interface MachineHost {
  readonly mode: GuestMode;
  readonly keeper: DiskKeeper;
  readonly log: (line: string) => void;
  readonly clock: Clock;
  /** From power-on until the guest is up. */
  readonly bootMs: () => number;
  /** From the agent's start until it is registered. */
  readonly agentRegistrationMs: () => number;
  /** How long a minute of `shutdown +N` takes. */
  readonly minuteMs: number;
  newCommandId(): string;
}

export function createMachineHost(
  settings: Pick<
    MachineHost,
    'mode' | 'log' | 'clock' | 'bootMs' | 'agentRegistrationMs' | 'minuteMs'
  >,
): MachineHost {
  return { ...settings, keeper: new DiskKeeper(), newCommandId: () => randomUUID() };
}
