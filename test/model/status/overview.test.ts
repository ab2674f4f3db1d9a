import assert from 'node:assert/strict';
import { overviewOf } from '../../../src/model/status/compose-overview.js';
import type { FailureClass } from '../../../src/model/errors.js';
import type { ComposeOverview, ImageOverview } from '../../../src/model/status/overview.js';
import { waitingSteps } from '../../../src/model/progress/progress.js';
import type { ImageProgress } from '../../../src/model/progress/progress.js';
import {
  MOVING,
  regionsIn,
  someComposeStatus,
  someImageStatus,
  someProgress,
} from '../../commands/view/statuses.js';

type Read = ReturnType<typeof someImageStatus>;

function image(overrides: Partial<Read>): ImageOverview {
  const overview = overviewOf(someImageStatus(overrides));
  assert(overview.kind === 'image', overview.kind);
  return overview;
}

function compose(overrides: Parameters<typeof someComposeStatus>[0]): ComposeOverview {
  const overview = overviewOf(someComposeStatus(overrides));
  assert(overview.kind === 'compose', overview.kind);
  return overview;
}

const copying = { ...waitingSteps(), copy: { state: 'running' } } as const;

const throttled = {
  id: '9',
  type: 'copyToRegion',
  attempt: 3,
  heartbeat: null,
  lastFailure: {
    type: 'EC2ServiceException',
    message:
      'TimeoutError: @smithy/node-http-handler - [ERROR] a request has exceeded the configured 30000 ms requestTimeout.',
    region: 'eu-west-1',
  },
  nextAttemptAt: '2026-11-22T14:02:24.000Z',
  failedAt: '2026-11-22T14:02:18.000Z',
  wait: { ...MOVING, kind: 'retry', reason: 'no answer', region: 'eu-west-1' },
} as const;

describe('the overview of an image', () => {
  it('names the sick region, the reason in plain words, since when, and the next try', () => {
    const regions = regionsIn({ 'us-east-1': 'copied', 'eu-west-1': 'copying' });
    const progress = someProgress({ steps: copying, regions });
    const {
      troubles,
      attention,
      reason,
      regions: shown,
    } = image({ progress, activities: [throttled] });
    assert.deepEqual(
      troubles.map(({ what, reason: why, since, nextTryAt }) => [what, why, since, nextTryAt]),
      [
        [
          'copy to eu-west-1',
          'TimeoutError: no answer within 30 s',
          throttled.failedAt,
          throttled.nextAttemptAt,
        ],
      ],
    );
    assert.equal(attention, 'retrying');
    assert.equal(reason, 'copy to eu-west-1: TimeoutError: no answer within 30 s');
    assert.equal(shown.find(({ region }) => region === 'eu-west-1')?.attempt, 3);
  });

  it('says until when the complete regions wait for the late one, and how it is skipped', () => {
    const regions = regionsIn({
      'us-east-1': 'copied',
      'sa-east-1': 'copied',
      'eu-west-1': 'copying',
    });
    const copiesDueAt = '2026-11-22T14:32:00.000Z';
    const progress = someProgress({
      steps: copying,
      regions,
      homeRegion: 'us-east-1',
      copiesDueAt,
    });
    const { patience, next } = image({ progress });
    assert.deepEqual(patience, { until: copiesDueAt, late: ['eu-west-1'], waiting: 2 });
    const [skip] = next;
    assert.equal(
      skip?.command,
      'fedimg skip image/Fedora-Cloud-43-20251021.0/Cloud_Base/x86_64 --region eu-west-1',
    );
  });

  it('does not count an AMI as there when the failed run has removed it', () => {
    const amis = [
      {
        regionName: 'us-east-1',
        variant: { virt: 'hvm', volumeType: 'gp3' },
        name: 'a',
        ami: 'ami-1',
        snapshot: 's',
      },
    ] as const;
    const regions: ImageProgress['regions'] = [
      {
        region: 'us-east-1',
        state: 'copied',
        amis,
        planned: [{ variant: amis[0].variant, name: 'a' }],
      },
    ];
    const progress = someProgress({ outcome: 'failed', regions });
    const [region] = image({ outcome: 'failed', progress }).regions;
    assert.equal(region?.state, 'removed');
    assert.deepEqual(
      region.variants.map(({ state, ami }) => [state, ami]),
      [['removed', null]],
    );
  });

  it('names an AMI that EC2 cannot have in a region, with the reason', () => {
    const planned = [
      { variant: { virt: 'paravirtual', volumeType: 'gp2' }, name: 'p', reason: 'no AKI' },
    ] as const;
    const regions: ImageProgress['regions'] = [
      { region: 'eu-north-1', state: 'published', amis: [], planned },
    ];
    const [region] = image({ progress: someProgress({ regions }) }).regions;
    assert.deepEqual(
      region?.variants.map(({ variant, state, reason }) => [variant, state, reason]),
      [['paravirtual-gp2', 'not-wanted', 'no AKI']],
    );
  });

  it('has a next act for each end but a good one', () => {
    const failed = regionsIn({ 'sa-east-1': 'failed' }, 'quota');
    const progress = someProgress({ regions: failed });
    for (const outcome of ['partly-published', 'failed', 'cancelled', 'terminated'] as const) {
      assert.notEqual(image({ outcome, progress }).next.length, 0, outcome);
    }
    assert.deepEqual(image({ outcome: 'published' }).next, []);
    assert.deepEqual(image({ outcome: 'terminated' }).next[0]?.act, 'sweep');
  });

  it('does not give to the user a second time what fails a second time', () => {
    const url = 'https://example.org/Fedora-43.x86_64.raw.xz';
    const wrong = 'a'.repeat(64);
    const request = {
      ...{ composeId: 'Fedora-43.x86_64', subvariant: 'by-hand', release: '43' },
      image: { url, name: 'Fedora-43.x86_64', arch: 'x86_64', sha256: wrong },
    } as unknown as NonNullable<Read['request']>;
    const workflowId = 'image/by-hand/Fedora-43/x86_64';
    const commandAfter = (code: string, kind: FailureClass = 'unreachable') => {
      const failure = { type: 'EC2UtilityException', message: 'it failed', code, class: kind };
      const failed = { workflowId, outcome: 'failed', failure, request } as const;
      const { next } = image(failed);
      return next.map(({ what, command }) => `${what}: ${command}`);
    };
    const usual = `fedimg publish ${url} --arch x86_64`;
    assert.deepEqual(commandAfter('download'), [
      `publish again: ${usual} --sha256 ${wrong} --release 43`,
    ]);
    assert.deepEqual(commandAfter('name-taken', 'refused'), [
      `publish again when the cause is corrected: ${usual} --sha256 ${wrong} --release 43`,
    ]);
    assert.deepEqual(commandAfter('checksum-mismatch'), [
      `publish again without the checksum, or add the right one with --sha256: ${usual} --release 43`,
    ]);
  });

  it('shows that a run is being cancelled', () => {
    const { isCancelling, reason, next } = image({ isCancelling: true });
    assert.equal(isCancelling, true);
    assert.match(reason ?? '', /being cancelled/);
    assert.deepEqual(next, []);
  });

  it('is plain data', () => {
    const overview = image({});
    assert.deepEqual(JSON.parse(JSON.stringify(overview)), overview);
  });
});

describe('the overview of a compose', () => {
  it('shows the most urgent image: an approval before a region that is tried again', () => {
    const hold = { for: 'approval', before: 'publish', since: '2026-11-22T14:00:00.000Z' } as const;
    const images = [
      someImageStatus({ activities: [throttled] }),
      someImageStatus({ runId: 'run-2', arch: 'aarch64', progress: someProgress({ hold }) }),
    ];
    const { attention, reason, next } = compose({ images });
    assert.equal(attention, 'approval');
    assert.equal(reason, 'aarch64: waits for approval before the step publish');
    assert.equal(next[0]?.act, 'approve');
  });

  it('has the command that sends its message again when it has failed', () => {
    const message = { composeId: 'C-43-20251021.0', status: 'FINISHED' } as const;
    const { next } = compose({
      outcome: 'failed',
      images: [],
      message: { ...message, location: 'https://x/compose' },
    });
    assert.match(next[0]?.command ?? '', /^echo .* \| fedimg compose signal -$/);
  });
});
