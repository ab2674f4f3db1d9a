/** The overview of a run as the run itself sees it: without its attempts, which only Temporal knows. */

import { workflowInfo } from '@temporalio/workflow';
import { EC2_SERVICE_EXCEPTION } from '../../model/errors.js';
import type { ImageRequest } from '../../model/plan/plan.js';
import type { ImageProgress } from '../../model/progress/progress.js';
import { imageOverview } from '../../model/status/image-overview.js';
import type { ImageOverview } from '../../model/status/overview.js';

export function runOverview(
  progress: ImageProgress,
  request: ImageRequest,
  run: { readonly runId: string; readonly isCancelled: boolean },
): ImageOverview {
  const { outcome, failure } = progress;
  const isClosed = outcome !== 'running';
  return imageOverview({
    kind: 'image',
    workflowId: progress.workflowId,
    runId: run.runId,
    startedAt: workflowInfo().startTime.toISOString(),
    closedAt: isClosed ? new Date().toISOString() : null,
    compose: progress.composeId,
    image: progress.image,
    arch: progress.arch,
    outcome,
    failure: failure === undefined ? null : { type: EC2_SERVICE_EXCEPTION, message: failure },
    note: null,
    link: null,
    activities: [],
    isCancelling: !isClosed && run.isCancelled,
    progress,
    result: null,
    request,
  });
}
