/** What lives from a machine's power-on to its power-off: its guest, its disks' nodes and its pipes. */

import type { ScriptPlace } from './command-run.js';
import { DiskTable } from './disk-table.js';
import { readFifo } from './fifo.js';
import { layOutGuestFolder } from './guest-folder.js';
import { GuestWork } from './guest-work.js';
import { startInNamespaces, startWithShims } from './guest.js';
import type { MachineHost } from './machine-host.js';
import type { MachineDisk, MachineSpec } from './machine.js';

export interface Session {
  readonly place: ScriptPlace;
  readonly disks: DiskTable;
  readonly work: GuestWork;
  /** Ends all processes and takes the disks back; safe to repeat. */
  end(): Promise<void>;
}

export interface SessionListeners {
  readonly onConsole: (text: string) => void;
  /** The words of a line that one of the guest's tools wrote. */
  readonly onEvent: (words: string[]) => void;
}

/** A tool's request is a few words; a longer line comes from another program and is cut. */
const eventCharacters = 200;

export async function startSession(
  host: MachineHost,
  spec: MachineSpec,
  otherDisks: readonly MachineDisk[],
  listeners: SessionListeners,
): Promise<Session> {
  const { mode, keeper } = host;
  const folder = await layOutGuestFolder(spec, mode);
  const events = `${folder.tools}/events`;
  const console = `${folder.dev}/console`;
  const disks = new DiskTable(spec, folder, mode, keeper);
  try {
    await disks.attachRoot(spec.rootDevice);
    for (const disk of otherDisks) await disks.attach(disk);
    const guest = await (mode === 'shims' ? startWithShims(folder) : startInNamespaces(folder));
    let rest = '';
    const fifos = [
      readFifo(console, listeners.onConsole),
      readFifo(events, (text) => {
        const lines = (rest + text).split('\n');
        rest = (lines.pop() ?? '').slice(0, eventCharacters);
        for (const line of lines) listeners.onEvent(line.slice(0, eventCharacters).split(' '));
      }),
    ];
    const work = new GuestWork(host.clock);
    let ending: Promise<void> | undefined;
    const end = async (): Promise<void> => {
      work.endAll();
      await guest.stop();
      for (const fifo of fifos) fifo.close();
      await disks.detachAll();
    };
    return {
      place: { clock: host.clock, spec, folder, mode, guest },
      disks,
      work,
      end: () => (ending ??= host.clock.holdDuring(end())),
    };
  } catch (error) {
    await disks.detachAll();
    throw error;
  }
}
