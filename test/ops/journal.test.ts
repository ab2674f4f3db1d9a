/** A service as systemd and its journal see it. systemd itself does not run where tests run: a script takes its part. */

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';
import { watchdogMs } from '../../src/commands/shared/service-manager.js';
import { runProgram } from '../support/program.js';

interface Event {
  readonly plain?: string;
  readonly notify?: string;
  readonly journal?: Readonly<Record<string, string>>;
  readonly sender?: string;
  readonly exit?: number;
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const TSX = createRequire(import.meta.url).resolve('tsx');

describe('a service of systemd', () => {
  let events: Event[] = [];
  before(async () => {
    const service = [process.execPath, '--import', TSX, path('service.ts')];
    const standIn = ['python3', path('systemd-stand-in.py'), ...service];
    const { stdout, stderr } = await runProgram('unshare', ['--mount', ...standIn], {
      debianPackage: 'util-linux',
    });
    assert.equal(stderr, '');
    events = stdout.split('\n').map((line) => JSON.parse(line) as Event);
  });

  const entries = () => events.flatMap(({ journal }) => (journal === undefined ? [] : [journal]));
  const states = () =>
    events.flatMap(
      ({ notify }) => notify?.split('\n').filter((line) => !/BARRIER/.test(line)) ?? [],
    );

  it('is found in the journal by compose, image, region and step, with the ids of its AMIs', () => {
    const [closed, failed] = entries();
    assert.equal(closed?.['COMPOSE'], 'Fedora-Cloud-43-20251021.0');
    assert.equal(closed['IMAGE'], 'Fedora-Cloud-43-20251021.0/Cloud_Base/x86_64');
    assert.equal(closed['REGION'], 'us-east-1');
    assert.equal(closed['PRIORITY'], '6');
    assert.match(closed['MESSAGE'] ?? '', /^publication closed .*ami-0123456789abcdef0/);
    assert.equal(
      (JSON.parse(closed['FEDIMG_LOG'] ?? '') as { msg: string }).msg,
      'publication closed',
    );
    assert.equal(failed?.['STEP'], 'copyRegion');
    assert.equal(failed['PRIORITY'], '3', 'a text of an error must not become a field');
  });

  it('loses no line when it ends, and writes none to its plain output', () => {
    assert.deepEqual(
      entries().map((one) => one['MESSAGE']?.split(' ', 2).join(' ')),
      [
        'publication closed',
        'failed workflow=image/Fedora-Cloud-43-20251021.0/Cloud_Base/x86_64',
        'the last',
      ],
    );
    assert.deepEqual(
      events.filter(({ plain }) => plain !== undefined),
      [],
    );
    assert.equal(events.at(-1)?.exit, 0);
  });

  it('belongs to its unit: the writer of an entry is not gone before the journal has looked at it', () => {
    const senders = events.flatMap(({ sender }) => (sender === undefined ? [] : [sender]));
    assert.deepEqual(senders, ['Z', 'Z', 'Z']);
  });

  it('notifies systemd that it is ready, alive and stopping', () => {
    const all = states();
    assert.deepEqual(all.slice(0, 2), ['READY=1', 'STATUS=polls the task queue fedimg']);
    assert.ok(
      all.filter((one) => one === 'WATCHDOG=1').length >= 2,
      String(all.filter((one) => one === 'WATCHDOG=1').length),
    );
    assert.equal(all.at(-1), 'STOPPING=1');
  });
});

describe('the watchdog of systemd', () => {
  it('is fed three times in its patience, and only by the process that it watches', () => {
    assert.equal(watchdogMs({ WATCHDOG_USEC: '120000000' }, 7), 40_000);
    assert.equal(watchdogMs({ WATCHDOG_USEC: '120000000', WATCHDOG_PID: '7' }, 7), 40_000);
    assert.equal(watchdogMs({ WATCHDOG_USEC: '120000000', WATCHDOG_PID: '8' }, 7), undefined);
    assert.equal(watchdogMs({}, 7), undefined);
    assert.equal(watchdogMs({ WATCHDOG_USEC: 'soon' }, 7), undefined);
  });
});
