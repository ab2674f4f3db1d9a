/** User-data as cloud-init takes it, the console, and an SSM agent that has to be installed first. */

import assert from 'node:assert/strict';
import { promises as fs } from 'node:fs';

import { planUserData } from '../../../src/simulator/machine/user-data.js';
import type { Machine } from '../../../src/simulator/machine/machine.js';
import { openBench, sh, mainModes, until, type Bench } from './support.js';

describe('cloud-init', () => {
  it('runs a script by its first line, and warns of what it does not know', () => {
    assert.deepEqual(planUserData('#!/bin/sh\ntrue\n').once, [
      { name: 'part-001', text: '#!/bin/sh\ntrue\n' },
    ]);
    const unknown = planUserData('echo no shebang');
    assert.deepEqual(unknown.once, []);
    assert.match(
      unknown.warnings[0] ?? '',
      /Unhandled non-multipart \(text\/x-not-multipart\) userdata/,
    );
    assert.deepEqual(planUserData(' \n'), { early: [], once: [], warnings: [] });
    assert.match(planUserData('#include\nhttp://x').warnings[0] ?? '', /not simulated/);
  });

  it('takes runcmd and bootcmd of cloud-config, and names the keys that it does not', () => {
    const plan = planUserData(
      '#cloud-config\npackage_update: true\nbootcmd:\n  - echo early\nruncmd:\n' +
        '  - echo one # comment\n  - [ sh, -c, \'echo "two"\' ]\n  - |\n    echo three\n    echo four\n  - "echo \\"five\\""\n',
    );
    assert.equal(plan.early[0]?.text, '#!/bin/sh\necho early\n');
    assert.equal(
      plan.once[0]?.text,
      `#!/bin/sh\necho one\n'sh' '-c' 'echo "two"'\necho three\necho four\necho "five"\n`,
    );
    assert.deepEqual(plan.warnings, [
      "local cloud: cloud-config key 'package_update' is not simulated",
    ]);
  });

  it('takes the parts of a multipart message apart, base64 included', () => {
    const plan = planUserData(
      'Content-Type: multipart/mixed; boundary="==B=="\nMIME-Version: 1.0\n\n--==B==\n' +
        'Content-Type: text/x-shellscript; charset="us-ascii"\n\n#!/bin/sh\necho a\n--==B==\n' +
        'Content-Type: text/cloud-config\nContent-Transfer-Encoding: base64\n\n' +
        `${Buffer.from('#cloud-config\nruncmd:\n - echo b\n').toString('base64')}\n--==B==--\n`,
    );
    assert.deepEqual(
      plan.once.map(({ text }) => text.trim().split('\n').at(-1)),
      ['echo a', 'echo b'],
    );
  });
});

const bootable = Buffer.alloc(512, 0xeb);
bootable.writeUInt16BE(0x55aa, 510);
const agentUrl = (region: string, arch: string): string =>
  `https://s3.${region}.amazonaws.com/amazon-ssm-${region}/latest/linux_${arch}/amazon-ssm-agent.rpm`;

/** What the documentation lets one do with the agent's package, up to the given point. */
function agentScript(url: string, install: string): string {
  return `#!/bin/bash
cd /tmp && curl -fsS -o agent.rpm ${url} && curl -fsS -o agent.rpm.sig ${url}.sig || exit 1
${install}
systemctl enable --now amazon-ssm-agent
`;
}
const UNCHECKED = 'rpm -U --nosignature --nodigest /tmp/agent.rpm';

for (const mode of mainModes) {
  describe(`user-data in mode ${mode}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await openBench(mode);
    });
    afterEach(() => bench.close());

    /** A machine of an unknown system whose disk boots; resolves when cloud-init has finished. */
    let disks = 0;
    async function booted(userData: string, instanceProfile = true): Promise<Machine> {
      disks += 1;
      const volumeId = `vol-0${String(disks).padStart(16, 'e')}`;
      const rootDevice = await bench.disk(volumeId, '/dev/sda1');
      await fs.writeFile(
        rootDevice.file,
        Buffer.concat([bootable, Buffer.alloc(rootDevice.sizeBytes - 512)]),
      );
      const machine = await bench.machine({ os: 'unknown', rootDevice, userData, instanceProfile });
      assert.deepEqual(await machine.boot(), { bootable: true });
      await until(async () => (await machine.consoleOutput()).includes('finished at'));
      return machine;
    }

    it('goes to the console and to the log, as does a line written to /dev/console', async () => {
      const machine = await booted(
        '#!/bin/bash\necho to stdout\necho to stderr >&2\necho marker-1 > /dev/console\necho marker-2 > /dev/console\necho "user $(id -u) in $(pwd)"\n[ -z "$USER" ] && echo no user\n',
      );
      await until(async () => (await machine.consoleOutput()).includes('marker-2'));
      const console = await machine.consoleOutput();
      for (const line of ['to stdout', 'to stderr', 'marker-1', 'no user'])
        assert.match(console, new RegExp(line));
      if (mode !== 'shims') assert.match(console, /\r\nuser 0 in \/\r\n/);
    });

    it('that fails is named on the console, and cloud-init status knows it', async () => {
      const machine = await bench.running({ userData: '#!/bin/bash\nexit 3\n' });
      const status = await sh(machine, 'cloud-init status --wait');
      assert.match(status.stdout, /status: error/);
      assert.equal(status.exitCode, 1);
      assert.match(await machine.consoleOutput(), /Failed to run module scripts-user/);
      const log = await sh(machine, 'ls /var/lib/cloud/instance/scripts/part-001');
      assert.equal(log.exitCode, 0);
    });

    it('keeps only the last 64 KB of the console, as GetConsoleOutput documents', async () => {
      const machine = await booted(
        '#!/bin/bash\nfor i in $(seq 1 20000); do echo "line $i"; done\n',
      );
      const console = await machine.consoleOutput();
      assert.equal(Buffer.byteLength(console), 64 * 1024);
      assert.match(console, /line 20000/);
      assert.doesNotMatch(console, /line 1\r/);
    });

    it('brings the SSM agent up by its documented package, and only by the right one', async () => {
      const right = await booted(agentScript(agentUrl('eu-west-1', 'amd64'), UNCHECKED));
      await until(() => right.agentOnline());
      assert.equal(
        (await sh(right, 'rpm -q amazon-ssm-agent && systemctl is-enabled amazon-ssm-agent'))
          .exitCode,
        0,
      );
      await sh(right, 'systemctl stop amazon-ssm-agent');
      await until(() => !right.agentOnline());
    });

    it('refuses the package’s SHA-1 signature, as Fedora’s rpm does, with GPG checks off, too', async () => {
      const url = agentUrl('eu-west-1', 'amd64');
      for (const install of [
        `dnf install -y --nogpgcheck ${url}`,
        'rpm -U /tmp/agent.rpm',
        'rpm -U --nosignature /tmp/agent.rpm',
      ]) {
        const machine = await booted(agentScript(url, install));
        assert.match(
          await machine.consoleOutput(),
          /does not verify: Header V4 RSA\/SHA1 Signature, key ID [0-9a-f]{8}: BAD/,
        );
        assert.equal(machine.agentOnline(), false);
        await machine.destroy();
      }
    });

    it('brings no agent up for the wrong architecture, a wrong bucket, another host or no profile', async () => {
      const wrong = [
        [agentUrl('eu-west-1', 'arm64'), /does not have a compatible architecture/],
        [
          'https://s3.eu-west-1.amazonaws.com/amazon-ssm-us-east-1/latest/linux_amd64/amazon-ssm-agent.rpm',
          /Status code: 301/,
        ],
        ['https://example.com/amazon-ssm-agent.rpm', /resolve host/],
        ['amazon-ssm-agent', /Unable to find a match/],
      ] as const;
      for (const [url, complaint] of wrong) {
        const machine = await booted(
          `#!/bin/bash\ndnf install -y ${url}\nsystemctl enable --now amazon-ssm-agent\n`,
        );
        assert.match(await machine.consoleOutput(), complaint);
        assert.match(
          await machine.consoleOutput(),
          /Unit file amazon-ssm-agent\.service does not exist/,
        );
        assert.equal(machine.agentOnline(), false);
        await machine.destroy();
      }
      const install = agentScript(agentUrl('eu-west-1', 'amd64'), UNCHECKED);
      const unprofiled = await booted(install, false);
      const profiled = await booted(install);
      await until(() => profiled.agentOnline());
      assert.equal(unprofiled.agentOnline(), false);
    });
  });
}
