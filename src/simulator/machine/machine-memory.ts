/** What a machine's disk remembers from one boot to the next: that it has booted, and whether it has an agent. */

import { promises as fs } from 'node:fs';
import path from 'node:path';

import type { GuestFolder } from './guest-folder.js';
import type { MachineSpec } from './machine.js';

export interface MachineMemory {
  readonly booted: boolean;
  rememberBoot(): Promise<void>;
  /**
   * Amazon Linux has the agent preinstalled and enabled (SSM user guide, "AMIs with SSM Agent
   * preinstalled"); on others it starts when it was installed and enabled before.
   */
  agentStartsAtBoot(spec: MachineSpec, folder: GuestFolder, firstBoot: boolean): Promise<boolean>;
}

export async function readMachineMemory(directory: string): Promise<MachineMemory> {
  const file = path.join(directory, 'booted');
  let booted = await exists(file);
  return {
    get booted() {
      return booted;
    },
    rememberBoot: async () => {
      booted = true;
      await fs.writeFile(file, '');
    },
    agentStartsAtBoot: async (spec, folder, firstBoot) => {
      const agent = path.join(folder.tools, 'agent');
      if (firstBoot && spec.os === 'amazon-linux-2023') {
        for (const name of ['installed', 'enabled']) await fs.writeFile(path.join(agent, name), '');
      }
      const starts = await exists(path.join(agent, 'enabled'));
      if (starts) await fs.writeFile(path.join(agent, 'active'), '');
      return starts;
    },
  };
}

/** Looks at the name itself: a guest may have put a link in its place. */
async function exists(file: string): Promise<boolean> {
  const stat = await fs.lstat(file).catch(() => undefined);
  return stat?.isFile() === true;
}
