/** How a guest sees its volumes, and what its writes leave in their files. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';

import { gib, openBench, sh, sleepers, testableModes, until, type Bench } from './support.js';

const findDevice = `device() { lsblk -dnpo NAME,SERIAL | awk -v s="$1" '$2==s{print $1}'; }\n`;

for (const mode of testableModes) {
  describe(`the disks of a guest in mode ${mode}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await openBench(mode);
    });
    afterEach(() => bench.close());

    it('are found by volume id, as in the EBS user guide, and by no other id', async () => {
      const disk = await bench.disk('vol-0bbbbbbbbbbbbbbb1', '/dev/sdf');
      const machine = await bench.running({ otherDisks: [disk] });
      const result = await sh(
        machine,
        `${findDevice}device vol0bbbbbbbbbbbbbbb1; device vol-0bbbbbbbbbbbbbbb1; device vol0`,
      );
      assert.match(result.stdout, /^\/(?:\S*\/)?dev\/nvme1n1\n$/);
    });

    it('get a name each when they are attached at once', async () => {
      const ids = ['1', '2', '3', '4'].map((digit) => `vol-0bbbbbbbbbbbbbbb${digit}`);
      const disks = await Promise.all(
        ids.map((id, index) => bench.disk(id, `/dev/sd${'fghi'.charAt(index)}`)),
      );
      const machine = await bench.running();
      await Promise.all(disks.map((disk) => machine.attach(disk)));
      const { stdout } = await sh(machine, 'lsblk -dnpo NAME,SERIAL | grep vol0bbb');
      const names = stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+/)[0]);
      assert.equal(new Set(names).size, ids.length, stdout);
    });

    it('take a sparse image by dd conv=sparse, byte for byte and without filling the holes', async () => {
      const disk = await bench.disk('vol-0bbbbbbbbbbbbbbb1', '/dev/sdf', gib);
      const machine = await bench.running({ otherDisks: [disk] });
      const result = await sh(
        machine,
        `set -eu
        cd /var/tmp
        head -c 3000000 /dev/urandom > image; truncate -s 64M image
        printf end | dd of=image bs=1M seek=63 conv=notrunc status=none
        ${findDevice}
        to=$(device vol0bbbbbbbbbbbbbbb1)
        [ -b "$to" ]
        test "$(blockdev --getsize64 "$to")" = ${gib}
        dd if=image of="$to" bs=4M conv=sparse,fsync iflag=fullblock status=none
        blockdev --flushbufs "$to"
        head -c 67108864 "$to" | sha256sum
        sha256sum < image`,
        { timeoutSeconds: 60 },
      );
      assert.equal(result.exitCode, 0, result.stderr);
      const [written, wanted] = result.stdout.trim().split('\n');
      assert.equal(written, wanted);
      await machine.destroy();
      const stat = await fs.stat(disk.file);
      assert.equal(stat.size, gib);
      assert.ok(stat.blocks * 512 < 32 * 1024 * 1024, `${stat.blocks * 512} bytes on disk`);
      const hash = createHash('sha256');
      const handle = await fs.open(disk.file);
      for await (const chunk of handle.createReadStream({ end: 67108863 }))
        hash.update(chunk as Buffer);
      assert.equal(`${hash.digest('hex')}  -`, wanted);
    });

    it('are full where they end, and keep their length after that', async () => {
      const disk = await bench.disk('vol-0bbbbbbbbbbbbbbb1', '/dev/sdf', 4 * 1024 * 1024);
      const machine = await bench.running({ otherDisks: [disk] });
      const result = await sh(
        machine,
        `${findDevice}to=$(device vol0bbbbbbbbbbbbbbb1)
        dd if=/dev/zero of="$to" bs=1M count=5; echo $?; blockdev --getsize64 "$to"`,
      );
      assert.match(result.stderr, /No space left on device/);
      assert.equal(result.stdout, `1\n${4 * 1024 * 1024}\n`);
      await machine.destroy();
      assert.equal((await fs.stat(disk.file)).size, 4 * 1024 * 1024);
    });

    it('keep the earlier bytes under a second dd, as a device does that cannot be truncated', async () => {
      const disk = await bench.disk('vol-0bbbbbbbbbbbbbbb1', '/dev/sdf', 4 * 1024 * 1024);
      const machine = await bench.running({ otherDisks: [disk] });
      const result = await sh(
        machine,
        `${findDevice}to=$(device vol0bbbbbbbbbbbbbbb1)
        yes old | head -c 2097152 | dd of="$to" bs=1M iflag=fullblock status=none
        head -c 1048576 /dev/zero | dd of="$to" bs=1M conv=sparse,fsync iflag=fullblock status=none
        head -c 4 "$to"; echo short > "$to"; stat -Lc %s "$to" >/dev/null; head -c 6 "$to"`,
      );
      assert.equal(result.stdout, 'old\nshort\n');
      await machine.destroy();
      assert.equal((await fs.stat(disk.file)).size, 4 * 1024 * 1024);
    });

    it('are attached and detached while it runs; a mounted or an open one is not detached', async () => {
      const machine = await bench.running();
      const disk = await bench.disk('vol-0ccccccccccccccc2', '/dev/sdg');
      await machine.attach(disk);
      const device = (await sh(machine, `${findDevice}device vol0ccccccccccccccc2`)).stdout.trim();
      assert.match(device, /nvme1n1$/);
      await sh(machine, `mkdir -p /mnt/x 2>/dev/null; mount ${device} /tmp`);
      await assert.rejects(machine.detach(disk.volumeId), /^Error: mounted$/);
      await sh(machine, `umount /tmp; umount ${device} 2>/dev/null; true`);
      const mark = `53${process.pid}`;
      const holding = sh(machine, `exec 5<> ${device}; sleep ${mark}`);
      await until(async () => (await sleepers(machine, mark)) === 1);
      await assert.rejects(machine.detach(disk.volumeId), /^Error: mounted$/);
      await sh(machine, `pkill -f '^sleep ${mark}$'`);
      await holding;
      await machine.detach(disk.volumeId);
      const gone = await sh(machine, `lsblk ${device}`);
      assert.equal(gone.exitCode, 32);
      assert.match(gone.stderr, /not a block device/);
      await assert.rejects(machine.detach(machine.spec.rootDevice.volumeId), /^Error: mounted$/);
    });

    it('are not offered under a serial on instance types without Nitro', async () => {
      const disk = await bench.disk('vol-0bbbbbbbbbbbbbbb1', '/dev/sdf');
      const machine = await bench.running({ instanceType: 'm3.medium', otherDisks: [disk] });
      const result = await sh(machine, 'lsblk -dno NAME,SERIAL');
      assert.match(result.stdout, /^xvda\s*\nxvdf\s*\n$/);
    });

    it('answer lsblk in all the forms that scripts ask for', async () => {
      const disk = await bench.disk('vol-0bbbbbbbbbbbbbbb1', '/dev/sdf', gib);
      const machine = await bench.running({ otherDisks: [disk] });
      const ask = async (options: string): Promise<string> => {
        const result = await sh(machine, `lsblk ${options}`);
        assert.equal(result.exitCode, 0, `${options}: ${result.stderr}`);
        return result.stdout;
      };
      assert.equal(await ask('-b -d -n -o SIZE --list'), '8589934592\n1073741824\n');
      assert.match(
        await ask(''),
        /^NAME .*MOUNTPOINTS\nnvme0n1 .*8G .*disk\s*\n└─nvme0n1p1 .*part \/\n/,
      );
      assert.equal(
        await ask('-n -l -o NAME,TYPE'),
        'nvme0n1   disk\nnvme0n1p1 part\nnvme1n1   disk\n',
      );
      assert.match(await ask('-P -d -o NAME,MOUNTPOINT'), /^NAME="nvme0n1" MOUNTPOINT=""\n/);
      const json = JSON.parse(await ask('-J -b -o NAME,SIZE,SERIAL,MOUNTPOINTS')) as {
        blockdevices: { name: string; size: number; serial: string; children?: unknown[] }[];
      };
      assert.equal(json.blockdevices.length, 2);
      assert.equal(json.blockdevices[1]?.size, gib);
      assert.equal(json.blockdevices[1].serial, 'vol0bbbbbbbbbbbbbbb1');
      assert.equal(json.blockdevices[0]?.children?.length, 1);
      const unknown = await sh(machine, 'lsblk -o NAME,COLOUR');
      assert.equal(unknown.exitCode, 1);
      assert.match(unknown.stderr, /unknown column: COLOUR/);
    });
  });
}

describe('a disk that is a loop device', () => {
  it('hides from its file what the guest has not flushed, and leaves no loop device behind', async function () {
    if (!testableModes.includes('loop')) return this.skip();
    const bench = await openBench('loop');
    try {
      const disk = await bench.disk('vol-0bbbbbbbbbbbbbbb1', '/dev/sdf');
      const machine = await bench.running({ otherDisks: [disk] });
      const read = async (): Promise<string> => {
        const handle = await fs.open(disk.file);
        const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
        await handle.close();
        return buffer.toString('latin1');
      };
      // The incident: a snapshot before the flush had empty files. A held descriptor keeps the buffers dirty.
      const held = sh(
        machine,
        'exec 5<> /dev/nvme1n1; printf data >&5; echo > /tmp/written; until [ -e /tmp/go ]; do sleep 0.1; done; sync /dev/nvme1n1; echo > /tmp/flushed; sleep 1',
      );
      await until(async () => (await sh(machine, 'test -e /tmp/written')).exitCode === 0);
      assert.equal(await read(), '\0\0\0\0');
      await sh(machine, 'echo > /tmp/go');
      await until(async () => (await sh(machine, 'test -e /tmp/flushed')).exitCode === 0);
      assert.equal(await read(), 'data');
      await held;
      await machine.destroy();
      const backing = await Promise.all(
        (await fs.readdir('/sys/block'))
          .filter((name) => name.startsWith('loop'))
          .map((name) =>
            fs.readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => ''),
          ),
      );
      assert.equal(
        backing.some((file) => file.includes(bench.directory)),
        false,
      );
    } finally {
      await bench.close();
    }
  });
});
