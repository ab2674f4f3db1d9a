/**
 * Draws docs/terminal.md: `fedimg status --watch` in tmux at three widths, in the middle of a write, in the middle of the
 * copies, and after a failed test. Workflow, Temporal and command are real; the activities are those of the tests.
 */

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { cancelled, heartbeat } from '@temporalio/activity';
import pino from 'pino';
import type { Activities } from '../src/activities/activities.js';
import { EC2_TEST_EXCEPTION } from '../src/model/errors.js';
import { installRuntime } from '../src/worker/runtime.js';
import { fakeActivities, finalFailure, registered } from '../test/support/fake-activities.js';
import { someRegion, somePlan, someRequest } from '../test/support/images.js';
import { closeSuite, openSuite } from '../test/support/suite.js';
import { leaveTestTemporal, testTemporal } from '../test/support/temporal.js';
import { withWorker } from '../test/support/workflow-worker.js';

installRuntime(pino({ level: 'silent' }));

const run = promisify(execFile);
const COLUMNS = [60, 100, 200];
const ROWS = 36;
const GIB = 1024 ** 3;
const REGIONS =
  'us-west-2 eu-west-1 eu-central-1 eu-north-1 ap-northeast-1 ap-southeast-1 ap-south-1 ca-central-1 sa-east-1'.split(
    ' ',
  );
const root = fileURLToPath(new URL('..', import.meta.url));

interface Scene {
  readonly title: string;
  /** Text that the screen shows before it is captured. */
  readonly seen: RegExp;
  readonly activities: Partial<Activities>;
}

const plan: Partial<Activities> = {
  planImage: ({ request, workflowId, runId }) =>
    Promise.resolve(
      somePlan(
        request,
        { workflowId, runId },
        {
          copies: REGIONS.map((name) => someRegion(name)),
          rawSizeBytes: 5 * GIB,
          regionPatienceMs: 30 * 60_000,
        },
      ),
    ),
};

async function writing(): Promise<never> {
  for (let bytes = GIB; ; bytes = Math.min(bytes + 0.01 * GIB, 4.9 * GIB)) {
    heartbeat({ version: 1, kind: 'write', phase: 'download', bytes, totalBytes: 5 * GIB });
    await Promise.race([delay(500), cancelled()]);
  }
}

const copying: Activities['copyToRegion'] = async ({ regionPlan }) => {
  const { regionName: region } = regionPlan;
  const index = REGIONS.indexOf(region);
  if (region === 'sa-east-1')
    throw finalFailure('the quota of 5 public AMIs is used up', { region });
  if (index % 2 === 0) return registered(regionPlan, `snap-${region}`);
  for (;;) {
    heartbeat({ version: 1, kind: 'wait', phase: 'snapshot copy', percent: 11 * index, region });
    await Promise.race([delay(500), cancelled()]);
  }
};

const SCENES: readonly Scene[] = [
  {
    title: 'In the middle of a write',
    seen: /GiB\/s|MiB\/s/,
    activities: { ...plan, writeImage: writing },
  },
  {
    title: 'In the middle of the copies, one region left out',
    seen: /regions wait for/,
    activities: { ...plan, copyToRegion: copying },
  },
  {
    title: 'After a failed test',
    seen: /Read the output of the/,
    activities: {
      ...plan,
      runTest: () =>
        Promise.reject(
          finalFailure(
            'the test of ami-0a1b2c3d4e5f60718 (hvm-gp2) exited with status 3 after 41 s',
            {
              output: 'cloud-init: no network\n',
              exitStatus: 3,
              next: 'Read the output of the test.',
            },
            EC2_TEST_EXCEPTION,
          ),
        ),
    },
  },
];

async function tmux(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('tmux', ['-L', `fedimg-capture-${process.pid}`, ...args]);
  return stdout;
}

async function screenOf(session: string, seen: RegExp): Promise<string> {
  for (let looks = 0; looks < 600; looks += 1) {
    const text = await tmux('capture-pane', '-p', '-t', session);
    if (seen.test(text)) return text.trimEnd();
    await delay(200);
  }
  throw new Error(
    `${session} does not show ${String(seen)}:\n${await tmux('capture-pane', '-p', '-t', session)}`,
  );
}

/** One watch after another: three at once would be slow. */
async function capture(workflowId: string, { seen }: Scene): Promise<string[]> {
  const { server } = await testTemporal();
  const env = `TEMPORAL_ADDRESS=${server.address} TEMPORAL_NAMESPACE=${server.namespace} TEMPORAL_UI_URL=https://temporal.example.org NO_COLOR=1`;
  const blocks: string[] = [];
  for (const columns of COLUMNS) {
    const session = `w${columns}`;
    const command = `env ${env} npx tsx ${root}/src/cli.ts status ${workflowId} --watch; sleep 600`;
    const size = ['-x', String(columns), '-y', String(ROWS)];
    await tmux('new-session', '-d', '-s', session, ...size, '-c', root, command);
    const text = await screenOf(session, seen);
    await tmux('kill-session', '-t', session);
    blocks.push(`${columns} columns:\n\n\`\`\`text\n${text.replaceAll(/ +$/gm, '')}\n\`\`\`\n`);
  }
  return blocks;
}

async function draw(scene: Scene): Promise<string> {
  return withWorker(fakeActivities(scene.activities).activities, async ({ startImage }) => {
    const handle = await startImage(someRequest());
    const blocks = await capture(handle.workflowId, scene);
    await handle.cancel().catch(() => undefined);
    await handle.result().catch(() => undefined);
    return [`## ${scene.title}\n`, ...blocks].join('\n');
  });
}

const HEAD = `# What a watch shows

\`fedimg status ID --watch\` and \`fedimg publish … --watch\` draw one screen in place. In a pipe they print one line for each change, and with
\`-o jsonl\` one object for each change. Ctrl-C only stops watching; the exit status is then 130. Otherwise the exit status is the outcome.

- The first line has the state, and the elapsed against the expected time.
- Steps: \`+\` done, \`>\` under way, \`.\` not begun, \`!\` failed, \`-\` skipped.
- The regions have a letter each; the line below them says what the letters mean. AWS reports the percentages, in jumps.
- Lines with \`!\` need a look, and end with the command that goes on.
- The newest messages are the last lines above the hint.

\`npx tsx scripts/capture-terminal.ts\` draws this page again, in tmux.
`;

await openSuite();
// The server of tmux ends with its last session.
await tmux('new-session', '-d', '-s', 'keep', 'sleep 3600');
try {
  const parts: string[] = [HEAD];
  for (const scene of SCENES) parts.push(await draw(scene));
  await writeFile(new URL('../docs/terminal.md', import.meta.url), parts.join('\n'));
} finally {
  await tmux('kill-server').catch(() => undefined);
  await leaveTestTemporal();
  await closeSuite();
}
process.exit(0);
