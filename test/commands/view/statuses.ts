/** Statuses as they were read from a run, for tests of what is shown of them. */

import type { ActivityWait } from '../../../src/model/status/activity-wait.js';
import type { ComposeStatus, ImageStatus } from '../../../src/client/status.js';
import type { ImageProgress, RegionState } from '../../../src/model/progress/progress.js';
import { waitingSteps } from '../../../src/model/progress/progress.js';

export const NOW_MS = Date.parse('2026-11-22T14:02:20.000Z');
export const MOVING: ActivityWait = {
  kind: 'moving',
  reason: 'download',
  class: null,
  region: null,
  stillSince: new Date(NOW_MS).toISOString(),
  nextTryAt: null,
};

const STARTED = '2026-11-22T14:02:00.000Z';

export function someProgress(overrides: Partial<ImageProgress> = {}): ImageProgress {
  return {
    workflowId: 'image/Fedora-Cloud-43-20251021.0/Cloud_Base/x86_64',
    composeId: 'Fedora-Cloud-43-20251021.0',
    image: 'Fedora-Cloud-Base-AmazonEC2-43-20251021.0.x86_64',
    arch: 'x86_64',
    outcome: 'running',
    steps: {
      ...waitingSteps(),
      plan: { state: 'done', startedAt: STARTED, endedAt: '2026-11-22T14:02:01.500Z' },
      write: { state: 'running', startedAt: '2026-11-22T14:02:05.000Z' },
    },
    regions: [],
    tests: [],
    ...overrides,
  };
}

export function regionsIn(
  states: Readonly<Record<string, RegionState>>,
  reason?: string,
): ImageProgress['regions'] {
  return Object.entries(states).map(([region, state]) => ({
    region,
    state,
    amis: [],
    ...(reason === undefined || state !== 'failed' ? {} : { reason }),
  }));
}

export function someImageStatus(overrides: Partial<ImageStatus> = {}): ImageStatus {
  return {
    kind: 'image',
    workflowId: 'image/Fedora-Cloud-43-20251021.0/Cloud_Base/x86_64',
    runId: 'run-1',
    execution: 'RUNNING',
    startedAt: STARTED,
    closedAt: null,
    compose: 'Fedora-Cloud-43-20251021.0',
    image: 'Fedora-Cloud-Base-AmazonEC2-43-20251021.0.x86_64',
    arch: 'x86_64',
    phase: 'write',
    child: true,
    link: null,
    outcome: 'running',
    failure: null,
    activities: [],
    note: null,
    progress: someProgress(),
    result: null,
    request: null,
    ...overrides,
  };
}

export function someComposeStatus(overrides: Partial<ComposeStatus> = {}): ComposeStatus {
  return {
    kind: 'compose',
    workflowId: 'compose/Fedora-Cloud-43-20251021.0',
    runId: 'run-0',
    execution: 'RUNNING',
    startedAt: STARTED,
    closedAt: null,
    compose: 'Fedora-Cloud-43-20251021.0',
    image: null,
    arch: null,
    phase: null,
    child: false,
    link: 'http://ui.example/1',
    outcome: 'running',
    failure: null,
    activities: [],
    note: null,
    progress: {
      composeId: 'Fedora-Cloud-43-20251021.0',
      state: 'publishing',
      status: 'FINISHED',
      images: [],
    },
    images: [someImageStatus()],
    reason: null,
    message: null,
    ...overrides,
  };
}
