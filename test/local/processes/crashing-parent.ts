/** A program with two children, one of which has a child of its own; it prints all ids and then waits. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createChildProcesses } from '../../../src/local/processes/child-processes.js';
import { stopOnInterrupt } from '../../../src/local/processes/interrupt.js';

const [logDir = '', ending = 'wait', deafness] = process.argv.slice(2);
const withDeaf = deafness === 'deaf';
const processes = createChildProcesses({
  logDir,
  log: (line) => process.stderr.write(`${line}\n`),
});
if (ending === 'handler') {
  stopOnInterrupt({
    stop: () => processes.stopAll(),
    log: (line) => process.stderr.write(`${line}\n`),
  });
}
const family = processes.start({
  name: 'family',
  command: 'bash',
  args: ['-c', 'sleep 300 & echo $!; wait'],
});
// A deaf child costs its time limit, so only the tests about it ask for one.
const deaf = processes.start({
  name: 'deaf',
  command: 'bash',
  args: ['-c', `trap '${withDeaf ? '' : 'exit'}' TERM; echo up; while :; do sleep 0.1; done`],
  stopTimeoutMs: 300,
});
const read = (name: string): string => readFileSync(path.join(logDir, name), 'utf8').trim();
await family.waitUntilReady(() => Promise.resolve(read('family.log') !== ''), {
  timeoutMs: 60_000,
});
await deaf.waitUntilReady(() => Promise.resolve(read('deaf.log') !== ''), { timeoutMs: 60_000 });
process.stdout.write(`${[family.pid, deaf.pid, Number(read('family.log'))].join(' ')}\n`);
if (ending === 'throw')
  setImmediate(() => {
    throw new Error('a mistake in the program');
  });
if (ending === 'exit') process.exit(0);
setInterval(() => undefined, 60_000);
