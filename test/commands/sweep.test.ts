import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { awaitSweep, startSweep } from '../../src/client/sweep.js';
import { sweepCountLine, sweepLines, sweepWarnings } from '../../src/commands/view/sweep-view.js';
import type { SweepItem, SweepReport } from '../../src/model/sweep/sweep.js';
import { useSession } from '../client/client-fixture.js';
import { LEAST } from '../config/config-files.js';
import { fakeActivities } from '../support/fake-activities.js';
import { TEST_INSTALLATION } from '../support/images.js';
import { testTemporal } from '../support/temporal.js';
import { withWorker } from '../support/workflow-worker.js';
import { runCli } from './run-cli.js';

const STRAY: SweepItem = {
  region: 'us-east-1',
  type: 'instance',
  id: 'i-0123456789abcdef0',
  createdAt: '2026-01-01T00:00:00.000Z',
  ageSeconds: 7200,
  workflow: 'image/a/b/x86_64',
  run: 'run-a',
  code: 'run-closed',
  reason: 'its run is closed (terminated) and does not list it',
};
const KEPT: SweepItem = { ...STRAY, id: 'i-0fedcba9876543210', code: 'young', reason: 'too young' };

const plain = (_style: unknown, text: string): string => text;

function reportOf(overrides: Partial<SweepReport> = {}): SweepReport {
  return {
    ...TEST_INSTALLATION,
    dryRun: false,
    regions: ['us-east-1'],
    removed: [STRAY],
    left: [],
    kept: [KEPT],
    keptCount: 1,
    waiting: 0,
    unreconciled: [],
    others: [],
    failedRegions: [],
    ...overrides,
  };
}

describe('fedimg sweep', () => {
  const session = useSession();
  let folder = '';
  let deployment = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'fedimg-sweep-'));
    deployment = `cli-${randomUUID().slice(0, 8)}`;
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function sweep(taskQueue: string, ...args: string[]) {
    await writeFile(path.join(folder, 'smoke.sh'), 'true\n');
    const config = path.join(folder, 'fedimg.toml');
    const head = `deployment = "${deployment}"\n`;
    await writeFile(config, `${head}${LEAST}[worker]\ntask_queue = "${taskQueue}"\n`);
    const { server } = await testTemporal();
    const env = { ...server.env, HOME: folder, XDG_STATE_HOME: folder };
    return runCli(['sweep', '--config', config, ...args], { env, cwd: folder });
  }

  function withStray(removed: string[] = []) {
    return fakeActivities({
      findStrays: ({ regionName: region }) =>
        Promise.resolve({
          strays: region === 'us-east-1' ? [STRAY] : [],
          more: 0,
          kept: region === 'us-east-1' ? [KEPT] : [],
          keptCount: region === 'us-east-1' ? 1 : 0,
          unreconciled: [],
          others: [],
        }),
      removeStrays: ({ strays }) => {
        removed.push(...strays.map(({ id }) => id));
        return Promise.resolve({ removed: strays, left: [] });
      },
    });
  }

  it('only lists with --dry-run what it would remove', async () => {
    const removed: string[] = [];
    await withWorker(withStray(removed).activities, async ({ taskQueue }) => {
      const { code, stdout, stderr } = await sweep(taskQueue, '--dry-run', '--verbose');
      assert.equal(code, 0, stderr);
      assert.match(stdout, /us-east-1 +instance +i-0123456789abcdef0 +2h00m +would remove/);
      assert.match(stdout, /i-0fedcba9876543210 .* kept .* too young/);
      assert.match(stderr, /1 would be removed, 0 left, 1 kept in 2 regions/);
      assert.deepEqual(removed, []);
    });
  });

  it('prints only what it removed on stdout, as JSON, and exits with 0', async () => {
    const removed: string[] = [];
    await withWorker(withStray(removed).activities, async ({ taskQueue }) => {
      const { code, stdout } = await sweep(taskQueue, '-o', 'json');
      const report = JSON.parse(stdout) as SweepReport;
      assert.equal(code, 0);
      assert.deepEqual(report.removed, [STRAY]);
      assert.deepEqual(report.kept, [KEPT]);
      assert.equal(report.deployment, deployment);
      assert.deepEqual(removed, [STRAY.id]);
    });
  });

  it('exits with 1 when a stray is left, and prints a line for each with -o jsonl', async () => {
    const left = { ...STRAY, code: 'not-removed', reason: 'UnauthorizedOperation' } as const;
    const fake = fakeActivities({
      ...withStray().activities,
      removeStrays: () => Promise.resolve({ removed: [], left: [left] }),
    });
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const { code, stdout } = await sweep(taskQueue, '-o', 'jsonl');
      assert.equal(code, 1);
      const rows = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { outcome: string });
      assert.deepEqual(
        rows.map(({ outcome }) => outcome),
        ['left', 'kept'],
      );
    });
  });

  it('stops waiting when no worker is running, and does not sweep when one starts later', async () => {
    const taskQueue = `unpolled-${randomUUID()}`;
    const run = await startSweep(
      session(),
      { deployment, dryRun: false },
      { taskQueue, timeScale: 1 },
    );
    const { signal } = new AbortController();
    await assert.rejects(
      awaitSweep(session(), run, { noWorkerMs: 500, signal }),
      (error: Error & { kind?: string; next?: string }) => {
        assert.match(error.message, /No worker polls the task queue unpolled-/);
        assert.match(error.next ?? '', /fedimg worker/);
        return error.kind === 'unreachable';
      },
    );
    const { client } = await testTemporal();
    const { status } = await client.workflow.getHandle(run.workflowId, run.runId).describe();
    assert.equal(status.name, 'TERMINATED');
  });

  it('joins a running sweep, and lets it go on when the user stops waiting', async () => {
    const taskQueue = `unpolled-${randomUUID()}`;
    const input = { deployment, dryRun: false };
    const start = () => startSweep(session(), input, { taskQueue, timeScale: 1 });
    const [first, second] = [await start(), await start()];
    assert.equal(first.runId, second.runId);
    const { signal } = new AbortController();
    const options = { timeoutMs: 100, noWorkerMs: 60_000, signal };
    assert.deepEqual(await awaitSweep(session(), first, options), { end: 'timeout' });
    const { client } = await testTemporal();
    const handle = client.workflow.getHandle(first.workflowId, first.runId);
    assert.equal((await handle.describe()).status.name, 'RUNNING');
    await handle.terminate('the test is over');
  });

  it('counts what is kept, and lists it only with --verbose', () => {
    const text = (verbose: boolean) => sweepLines(reportOf(), { verbose, paint: plain }).join('\n');
    assert(!text(false).includes(KEPT.id), text(false));
    assert(text(true).includes(KEPT.id), text(true));
    assert.equal(
      sweepCountLine(reportOf({ waiting: 12 })),
      '1 removed, 0 left, 1 kept in 1 regions; 12 wait for the next sweep',
    );
    assert.deepEqual(sweepLines(reportOf({ removed: [] }), { verbose: false, paint: plain }), []);
  });

  it('escapes control characters in tags, and names what the operator must look at', () => {
    const evil = { ...STRAY, workflow: 'image/\u001b[2J' };
    const lines = sweepLines(reportOf({ removed: [evil] }), { verbose: false, paint: plain });
    assert(!lines.join('').includes('\u001b'), lines.join(''));
    const warnings = sweepWarnings(
      reportOf({
        unreconciled: [
          { workflow: 'image/a', run: 'r', region: 'eu-west-1', amis: ['ami-1'], reason: 'why' },
        ],
        failedRegions: [{ region: 'ap-south-1', reason: 'no answer' }],
      }),
    );
    assert.deepEqual(warnings, [
      'unreconciled: image/a in eu-west-1: ami-1: why',
      'not swept: ap-south-1: no answer',
    ]);
  });
});
