/** cloud-init's per-boot scripts, in every mode: where they stand among the others, and which starts are boots. */

import assert from 'node:assert/strict';
import { promises as fs } from 'node:fs';

import type { Machine } from '../../../src/simulator/machine/machine.js';
import { openBench, sh, testableModes, until, type Bench } from './support.js';

const folder = '/var/lib/cloud/scripts/per-boot';

/** The console of each boot whose cloud-init has finished. */
async function boots(machine: Machine): Promise<string[]> {
  const pieces = (await machine.consoleOutput()).split('Linux version').slice(1);
  return pieces.filter((piece) => piece.includes('finished at'));
}

/** Files of the host, which the guest must not change. */
async function hostFolder(): Promise<string[] | undefined> {
  return fs.readdir('/var/lib/cloud', { recursive: true }).catch(() => undefined);
}

for (const mode of testableModes) {
  describe(`per-boot scripts in mode ${mode}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await openBench(mode);
    });
    afterEach(() => bench.close());

    it('run after a reboot, a stop and a power cut, from a file that user-data wrote', async () => {
      const before = await hostFolder();
      const userData = [
        `#!/bin/bash\nper_boot=${folder}\ninstall -d "$per_boot"`,
        // Written against their order.
        `cat >"$per_boot/b-last" <<'END'\n#!/bin/sh\necho per-boot b as $(id -u)\nEND`,
        `cat >${folder}/a-first <<'END'\n#!/bin/sh\necho per-boot a\nexit 1\nEND`,
        `cat >${folder}/aa-plain <<'END'\n#!/bin/sh\necho per-boot plain\nEND`,
        // cloud-init refuses a program without an interpreter.
        `echo 'echo per-boot c' >${folder}/c-no-interpreter`,
        `chmod 755 "$per_boot"/*-first ${folder}/b-last ${folder}/c-no-interpreter\necho user-data ran\n`,
      ].join('\n');
      let machine = await bench.running({ userData });
      await until(async () => (await boots(machine)).length === 1);

      await sh(machine, 'reboot; sleep 30');
      await until(async () => (await boots(machine)).length === 2);

      await until(() => machine.agentOnline());
      let isOff = false;
      machine.onPowerOff(() => (isOff = true));
      await sh(machine, 'poweroff; sleep 30');
      await until(() => isOff);
      await machine.boot();
      await until(async () => (await boots(machine)).length === 3);

      await machine.destroy();
      machine = await bench.resume(machine);
      await until(async () => (await boots(machine)).length === 4);

      const [first = '', ...later] = await boots(machine);
      assert.match(first, /user-data ran/);
      assert.doesNotMatch(first, /per-boot/);
      for (const console of later) {
        assert.deepEqual(console.match(/^per-boot \w+/gm), ['per-boot a', 'per-boot b']);
        if (mode !== 'shims') assert.match(console, /per-boot b as 0\r\n/);
        assert.match(console, /c-no-interpreter: Exec format error\. Missing #! in script\?/);
        assert.match(console, /cc_scripts_per_boot\.py\[WARNING\]: Failed to run module/);
        assert.doesNotMatch(console, /aa-plain|user-data ran|cc_scripts_user/);
      }
      assert.deepEqual(await hostFolder(), before);
    });

    it('run in the final stage, before the scripts of user-data, whom their failure does not stop', async () => {
      const part = (type: string, text: string): string =>
        `--=B=\nContent-Type: text/${type}\n\n${text}\n`;
      const boothook = `#!/bin/sh\nmkdir -p ${folder}\nprintf '#!/bin/sh\\necho per-boot ran; exit 1\\n' >${folder}/one\nchmod +x ${folder}/one`;
      const userData = `Content-Type: multipart/mixed; boundary="=B="\n\n${part('cloud-boothook', boothook)}${part('x-shellscript', '#!/bin/sh\necho user-data ran')}--=B=--\n`;
      const machine = await bench.running({ userData });
      await until(async () => (await boots(machine)).length === 1);
      const console = (await boots(machine))[0] ?? '';
      assert.match(
        console,
        /'modules:final'[^]*per-boot ran[^]*cc_scripts_per_boot[^]*user-data ran/,
      );
      assert.doesNotMatch(console, /cc_scripts_user/);
    });
  });
}
