import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import pino from 'pino';
import type { Config } from '../../src/config/schema.js';
import { keepSweepSchedule } from '../../src/worker/sweep-schedule.js';
import { LEAST, makeConfigFolder } from '../config/config-files.js';
import { testTemporal } from '../support/temporal.js';

const silent = pino({ level: 'silent' });

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
  const handle = () => client.schedule.getHandle(`fedimg-sweep-${deployment}`);
  const described = () => handle().describe();
  afterEach(async () => {
    await handle()
      .delete()
      .catch(() => undefined);
  });

  it('is there once, however many workers of a deployment start', async () => {
    const config = await configOf(deployment);
    await Promise.all([1, 2, 3].map(() => keepSweepSchedule(client, config, silent)));
    const { spec, action, policies } = await described();
    assert.deepEqual(
      spec.intervals?.map(({ every }) => every),
      [900_000],
    );
    assert.equal(policies.overlap, ScheduleOverlapPolicy.SKIP);
    assert.equal(action.workflowId, `sweep/${deployment}`);
    assert.equal(action.workflowType, 'sweep');
    assert.deepEqual(action.args, [{ deployment, dryRun: false }]);
    assert.equal(action.taskQueue, config.worker.taskQueue);
    assert.deepEqual(action.memo, { timeScale: 1 });
  });

  it('is not written again by a worker with the same configuration', async () => {
    const config = await configOf(deployment);
    await keepSweepSchedule(client, config, silent);
    await keepSweepSchedule(client, config, silent);
    assert.equal((await described()).info.lastUpdatedAt, undefined);
  });

  it('follows a changed configuration, and stays paused when somebody has paused it', async () => {
    await keepSweepSchedule(client, await configOf(deployment), silent);
    await handle().pause('an operator looks into something');
    await keepSweepSchedule(client, await configOf(deployment, ['every = "1h"']), silent);
    const { spec, state } = await described();
    assert.deepEqual(
      spec.intervals?.map(({ every }) => every),
      [3_600_000],
    );
    assert(state.paused);
    assert.equal(state.note, 'an operator looks into something');
  });

  it('is deleted by a configuration without it, and its absence is no error', async () => {
    await keepSweepSchedule(client, await configOf(deployment), silent);
    const off = await configOf(deployment, ['enabled = false']);
    await keepSweepSchedule(client, off, silent);
    await assert.rejects(described(), ScheduleNotFoundError);
    await keepSweepSchedule(client, off, silent);
  });

  it('stops no worker when Temporal refuses schedules: it is logged with what to do', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
    const refusing = {
      connection: client.connection,
      schedule: { create: () => Promise.reject(new Error('12 UNIMPLEMENTED: no schedules here')) },
    } as unknown as Client;
    await keepSweepSchedule(refusing, await configOf(deployment), log);
    assert.match(lines.join(''), /the sweep schedule is not there/);
    assert.match(lines.join(''), /UNIMPLEMENTED/);
    assert.match(lines.join(''), /run `fedimg sweep`/);
  });
});
