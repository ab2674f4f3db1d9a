import assert from 'node:assert/strict';
import { PlainProgress } from '../../../src/commands/view/plain-progress.js';
import { statusLines } from '../../../src/commands/view/status-view.js';
import { createTransferRate } from '../../../src/commands/view/transfer-rate.js';
import type { TransferRates } from '../../../src/commands/view/work-text.js';
import { waitingSteps } from '../../../src/model/progress/progress.js';
import { MIB, live, options, writing } from './shown-status.js';
import {
  MOVING,
  NOW_MS,
  regionsIn,
  someComposeStatus,
  someImageStatus,
  someProgress,
} from './statuses.js';

describe('the status of a publication, as it is shown', () => {
  it('shows bytes, rate and time left of a write, from samples seconds apart', () => {
    const rates: TransferRates = new Map();
    const compose = (bytes: number) =>
      someComposeStatus({ images: [writing('download', bytes, 400 * MIB)] });
    live(compose(100 * MIB), { rates });
    const lines = live(compose(200 * MIB), { rates, nowMs: NOW_MS + 2_000 });
    assert.match(lines[0] ?? '', /^Fedora-Cloud-43-20251021\.0 {2}publishing {2}22s$/);
    const bar = '[####################--------------------]  50%';
    assert(
      lines.includes(`  ${bar}  download 200 MiB of 400 MiB  50.0 MiB/s  0:04 left`),
      lines.join('\n'),
    );
  });

  it('shows no rate and no time left of a download that stands still, but for how long', () => {
    const rates: TransferRates = new Map();
    live(writing('download', 100 * MIB, 400 * MIB), { rates });
    live(writing('download', 200 * MIB, 400 * MIB), { rates, nowMs: NOW_MS + 2_000 });
    const later = { rates, nowMs: NOW_MS + 62_000 };
    const text = live(writing('download', 200 * MIB, 400 * MIB), later).join('\n');
    assert.match(text, /download 200 MiB of 400 MiB {2}no byte for 1:02$/m);
  });

  it('counts a copied region as done while it copies, and only public ones while it publishes', () => {
    const steps = { ...waitingSteps(), copy: { state: 'running' } } as const;
    const regions = regionsIn({
      'us-east-1': 'copied',
      'eu-west-1': 'copying',
      'sa-east-1': 'failed',
      'me-south-1': 'left-out',
    });
    const counted = (overrides: Parameters<typeof someProgress>[0]) =>
      live(someImageStatus({ progress: someProgress(overrides) })).join('\n');
    const copying = counted({ steps, regions });
    assert.match(copying, /1\/3 regions, 1 failed/);
    assert.match(copying, /c us-east-1 +> eu-west-1 +! sa-east-1 +- me-south-1/);
    const publishing = {
      ...steps,
      copy: { state: 'done' },
      publish: { state: 'running' },
    } as const;
    assert.match(
      counted({
        steps: publishing,
        regions: regionsIn({ 'us-east-1': 'published', 'eu-west-1': 'publishing' }),
      }),
      /1\/2 regions/,
    );
    assert.match(
      counted({
        steps: { ...publishing, publish: { state: 'failed' } },
        regions: regionsIn({
          'us-east-1': 'failed',
          'eu-west-1': 'published',
          'sa-east-1': 'copied',
        }),
      }),
      /1\/3 regions, 1 failed/,
    );
  });

  it('shows why a test failed, its output, and the command that sends the message again', () => {
    const failure = {
      type: 'EC2TestException',
      message: 'the script exited with status 3',
      next: 'Read the output.',
      exitStatus: 3,
      output: 'first line\nsecond \u001b[31mline\n',
    };
    const text = statusLines(
      someComposeStatus({
        outcome: 'failed',
        execution: 'FAILED',
        closedAt: '2026-11-22T14:02:30.000Z',
        failure: { type: 'EC2ServiceException', message: '1 of 1 images failed' },
        images: [someImageStatus({ outcome: 'failed', failure })],
        message: {
          composeId: 'Fedora-Cloud-43-20251021.0',
          status: 'FINISHED',
          location: 'https://kojipkgs.example/c/compose',
        },
      }),
      options(),
    ).join('\n');
    assert.match(text, /x86_64: EC2TestException: the script exited with status 3/);
    assert.match(
      text,
      /output \(exit status 3\):\n {4}\| first line\n {4}\| second \\u\{1b\}\[31mline\n/,
    );
    assert.match(text, / {2}next: Read the output\.\n/);
    assert.match(
      text,
      /publish again: +echo '\{"compose_id":"Fedora-Cloud-43-20251021\.0","status":"FINISHED","location":"https:\/\/kojipkgs\.example\/c\/compose"\}' \| fedimg compose signal -/,
    );
    assert.equal(text.match(/1 of 1 images failed/), null, "the images' reasons are told once");
  });

  it('shows during a watch that messages of a good publication were not accepted', () => {
    const progress = { ...someProgress(), unsent: ['image.copy: no id', 'image.copy: no id'] };
    const image = someImageStatus({ outcome: 'published', progress });
    assert.match(live(image).join('\n'), /broker did not accept 2 messages/);
    const [line = ''] = new PlainProgress().update(image, NOW_MS);
    assert.match(line, /published.*, 2 messages not accepted$/);
  });

  it('shows what is tried again, why, and when', () => {
    const text = statusLines(
      someImageStatus({
        activities: [
          {
            id: '9',
            type: 'copyToRegion',
            attempt: 3,
            heartbeat: null,
            lastFailure: {
              type: 'EC2ServiceException',
              message: 'RequestLimitExceeded: slow down',
              region: 'eu-west-1',
            },
            nextAttemptAt: '2026-11-22T14:02:24.000Z',
            wait: { ...MOVING, kind: 'retry' },
          },
        ],
      }),
      options(),
    ).join('\n');
    assert.match(
      text,
      /! copy to eu-west-1 failed, try 3 in 4\.0s: RequestLimitExceeded: slow down/,
    );
  });

  it('prints the next step of failed regions once for those with the same step', () => {
    const next = 'Ask AWS for a higher quota in this region.';
    const failed = { 'eu-west-1': 'failed', 'eu-west-3': 'failed', 'sa-east-1': 'failed' } as const;
    const regions = regionsIn(failed, 'quota').map((regionState) => ({
      ...regionState,
      next: regionState.region === 'eu-west-3' ? 'Wait for the quota.' : next,
    }));
    const progress = someProgress({ outcome: 'partly-published', regions });
    const image = someImageStatus({ outcome: 'partly-published', progress });
    assert.deepEqual(
      statusLines(image, options()).filter((line) => /quota/.test(line)),
      [
        '  failed  eu-west-1: quota',
        '  failed  sa-east-1: quota',
        `          next: ${next}`,
        '  failed  eu-west-3: quota',
        '          next: Wait for the quota.',
      ],
    );
  });

  it('does not show a removed AMI as copied when the run has failed', () => {
    const regions = regionsIn({ 'us-east-1': 'copied', 'eu-west-1': 'waiting' });
    const progress = someProgress({ outcome: 'failed', regions });
    const text = statusLines(someImageStatus({ outcome: 'failed', progress }), options()).join(
      '\n',
    );
    assert.match(text, / removed +us-east-1\n/);
    assert.match(text, / not begun +eu-west-1/);
  });

  it('does not show the AMIs of a terminated run as removed: it had no undo', () => {
    const progress = someProgress({ regions: regionsIn({ 'us-east-1': 'copied' }) });
    const status = someImageStatus({ outcome: 'terminated', progress });
    assert.match(statusLines(status, options()).join('\n'), / copied +us-east-1/);
  });

  it('shows what to do about refused credentials while the undo waits for them', () => {
    const lastFailure = {
      type: 'EC2ServiceException',
      message: 'eu-west-1 could not be looked at: credentials refused (AuthFailure)',
      class: 'credentials',
      next: 'Check the credentials with `aws sts get-caller-identity`.',
    } as const;
    const reason = `the attempt before failed: ${lastFailure.message}`;
    const wait = { ...MOVING, kind: 'obstacle', class: 'credentials', reason } as const;
    const activity = { id: '1', type: 'undoRegion', attempt: 7, heartbeat: null, lastFailure };
    const status = someImageStatus({
      activities: [{ ...activity, nextAttemptAt: null, wait }],
    });
    const text = statusLines(status, options()).join('\n');
    assert.match(text, /could not be looked at: credentials refused/);
    assert.match(text, /next: Check the credentials with `aws sts get-caller-identity`/);
  });
});

describe('progress in a log', () => {
  it('has one line for each quarter and each step, without repeated lines', () => {
    const plain = new PlainProgress();
    const lines = [10, 11, 30, 30, 55, 100].flatMap((percent) =>
      plain.update(writing('download', percent, 100), NOW_MS),
    );
    const image = 'Fedora-Cloud-Base-AmazonEC2-43-20251021.0.x86_64';
    assert.deepEqual(lines, [
      `${image}: write`,
      ...[0, 25, 50, 100].map((percent) => `${image}: write: download ${percent}% of 100 B`),
    ]);
  });

  it('names a region that fails, and the end of the image', () => {
    const plain = new PlainProgress();
    const steps = { ...waitingSteps(), copy: { state: 'running' } } as const;
    const regions = regionsIn({ 'us-east-1': 'copied', 'sa-east-1': 'failed' }, 'quota');
    const status = someImageStatus({ progress: someProgress({ steps, regions }) });
    const lines = plain.update(status, NOW_MS).join('\n');
    assert.match(lines, /: sa-east-1 failed: quota/);
    assert.match(lines, /: copy: 1\/2 regions, 1 failed/);
    assert.deepEqual(plain.update(status, NOW_MS + 10_000), []);
    const ended = someProgress({
      steps,
      regions: regionsIn({ 'us-east-1': 'published', 'sa-east-1': 'failed' }, 'quota'),
    });
    const closed = plain.update(
      { ...status, progress: ended, outcome: 'partly-published' },
      NOW_MS,
    );
    assert.match(closed.join('\n'), /: partly published in 1 of 2 regions$/);
  });
});

describe('the rate of a transfer', () => {
  it('does not take a throttled heartbeat for a standstill', () => {
    const rate = createTransferRate();
    for (const [bytes, seconds] of [
      [0, 0],
      [10, 1],
      [10, 2],
      [30, 3],
    ] as const) {
      rate.add(bytes, seconds * 1000);
    }
    assert.equal(rate.bytesPerSecond(), 10);
    assert.equal(rate.secondsLeft(130), 10);
  });

  it('begins anew when another attempt begins anew', () => {
    const rate = createTransferRate();
    rate.add(0, 0);
    rate.add(1000, 1000);
    rate.add(5, 2000);
    assert.equal(rate.bytesPerSecond(), undefined);
    assert.equal(rate.secondsLeft(1000), undefined);
  });
});
