/** A process that holds a machine with two long commands, to be killed by a test; prints its folder. Arguments: mode, seconds. */

import { promises as fs } from 'node:fs';
import path from 'node:path';

import type { GuestMode } from '../../../src/simulator/machine/guest-mode-name.js';
import { openBench, sh } from './support.js';

const [mode, seconds] = process.argv.slice(2);
const bench = await openBench(mode as GuestMode);
const directory = path.join(bench.directory, `machine-holder-${seconds ?? ''}`);
await fs.mkdir(directory);
const disk = await bench.disk('vol-0bbbbbbbbbbbbbbb1', '/dev/sdf');
const file = path.join(directory, 'disk');
await fs.rename(disk.file, file);
const machine = await bench.running({ directory, otherDisks: [{ ...disk, file }] });
await sh(machine, `systemd-run -q --unit=long sleep ${seconds ?? ''}`);
process.stdout.write(`${bench.directory}\n`);
await sh(machine, `sleep ${seconds ?? ''}`, { timeoutSeconds: 3600 });
