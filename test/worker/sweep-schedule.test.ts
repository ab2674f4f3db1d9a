import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Logger } from 'pino';
import pino from 'pino';
import type { Config } from '../../src/config/schema.js';
import { environmentForServer } from '../../src/local/temporal/environment.js';
import { keepSweepSchedule } from '../../src/worker/sweep-schedule.js';
import { LEAST, makeConfigFolder } from '../config/config-files.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import { WorkerProcess } from '../support/worker-process.js';

const silent = pino({ level: 'silent' });

/** Of a worker that runs on. */
const RUNS = new AbortController().signal;

const UNSCHEDULED = fileURLToPath(new URL('unscheduled-worker.ts', import.meta.url));

interface LogLine {
  readonly level: number;
  readonly msg: string;
}

function logged(onLine: () => void = () => undefined): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const write = (line: string) => {
    lines.push(JSON.parse(line) as LogLine);
    onLine();
  };
  return { log: pino({ level: 'info' }, { write }), lines };
}

/** A client of which Temporal makes schedules like this. */
function withSchedules({ connection }: Client, create: () => Promise<void>): Client {
  return { connection, schedule: { create } } as unknown as Client;
}

async function configOf(deployment: string, sweep: readonly string[] = []): Promise<Config> {
  const folder = await makeConfigFolder();
  try {
    const head = `deployment = "${deployment}"\n`;
    return await folder.load([head, LEAST, '[sweep]', ...sweep].join('\n'));
  } finally {
    await folder.remove();
  }
}

describe('the schedule of the sweep', () => {
  let client: Client;
  let deployment = '';
  before(async function () {
    this.timeout(300_000);
    ({ client } = await testTemporal());
  });
  beforeEach(() => {
    deployment = `schedule-${randomUUID().slice(0, 8)}`;
  });
  const handle = () => client.schedule.getHandle(`${deployment}/fedimg-sweep`);
  const described = () => handle().describe();
  afterEach(async () => {
    await handle()
      .delete()
      .catch(() => undefined);
  });

  it('is there once, however many workers of a deployment start', async () => {
    const config = await configOf(deployment);
    await Promise.all([1, 2, 3].map(() => keepSweepSchedule(client, config, silent, RUNS)));
    const { spec, action, policies } = await described();
    assert.deepEqual(
      spec.intervals?.map(({ every }) => every),
      [900_000],
    );
    assert.equal(policies.overlap, ScheduleOverlapPolicy.SKIP);
    assert.equal(action.workflowId, `${deployment}/sweep`);
    assert.equal(action.workflowType, 'sweep');
    assert.deepEqual(action.args, [{ deployment, dryRun: false }]);
    assert.equal(action.taskQueue, config.worker.taskQueue);
    assert.deepEqual(action.memo, { timeScale: 1 });
  });

  it('is not written again by a worker with the same configuration', async () => {
    const config = await configOf(deployment);
    await keepSweepSchedule(client, config, silent, RUNS);
    await keepSweepSchedule(client, config, silent, RUNS);
    assert.equal((await described()).info.lastUpdatedAt, undefined);
  });

  it('follows a changed configuration, and stays paused when somebody has paused it', async () => {
    await keepSweepSchedule(client, await configOf(deployment), silent, RUNS);
    await handle().pause('an operator looks into something');
    await keepSweepSchedule(client, await configOf(deployment, ['every = "1h"']), silent, RUNS);
    const { spec, state } = await described();
    assert.deepEqual(
      spec.intervals?.map(({ every }) => every),
      [3_600_000],
    );
    assert(state.paused, 'state.paused is false');
    assert.equal(state.note, 'an operator looks into something');
  });

  it('is deleted by a configuration without it; a missing schedule is not an error', async () => {
    await keepSweepSchedule(client, await configOf(deployment), silent, RUNS);
    const off = await configOf(deployment, ['enabled = false']);
    await keepSweepSchedule(client, off, silent, RUNS);
    await assert.rejects(described(), ScheduleNotFoundError);
    await keepSweepSchedule(client, off, silent, RUNS);
  });

  it('is tried again until Temporal takes it: a worker that starts during an outage need not be restarted', async () => {
    const { log, lines } = logged();
    const config = await configOf(deployment);
    const soon = { ...config, sweep: { ...config.sweep, everyMs: 1 } };
    let tries = 0;
    const late = withSchedules(client, () => {
      tries += 1;
      return tries < 3 ? Promise.reject(new Error('14 UNAVAILABLE')) : Promise.resolve();
    });
    await keepSweepSchedule(late, soon, log, RUNS);
    assert.deepEqual(
      lines.map(({ level, msg }) => [level, msg]),
      [
        [40, 'the sweep schedule could not be set'],
        [40, 'the sweep schedule could not be set'],
        [30, 'sweep schedule is created'],
      ],
    );
  });

  it('stops no worker when Temporal refuses schedules: it is logged with what to do', async () => {
    const ended = new AbortController();
    const { log, lines } = logged(() => ended.abort());
    const refusing = withSchedules(client, () =>
      Promise.reject(new Error('12 UNIMPLEMENTED: no schedules here')),
    );
    await keepSweepSchedule(refusing, await configOf(deployment), log, ended.signal);
    assert.equal(lines.length, 1);
    const text = JSON.stringify(lines);
    assert.match(text, /the sweep schedule could not be set/);
    assert.match(text, /UNIMPLEMENTED/);
    assert.match(text, /run `fedimg sweep`/);
  });

  it('holds up no worker that is to stop while Temporal takes no schedule', async () => {
    const { server } = await testTemporal();
    const folder = await makeConfigFolder();
    try {
      const configFile = await folder.write('fedimg.toml', LEAST);
      let refused = false;
      const worker = new WorkerProcess({
        program: ['--import', 'tsx', UNSCHEDULED],
        configFile,
        env: environmentForServer(server),
        onLine: (line) => {
          refused ||= line.includes('the sweep schedule could not be set');
        },
      });
      await worker.ready;
      await until('its schedule is refused', () => refused);
      await worker.stop();
      assert.equal(worker.exitCode, 0);
    } finally {
      await folder.remove();
    }
  });
});
