/** The overview of a compose: its own state, and the overviews of its images. */

import type { ComposeMessage } from '../compose/compose-message.js';
import { composeIdOf } from '../ids/workflow-ids.js';
import type { ComposeProgress } from '../progress/progress.js';
import { idOf } from './commands.js';
import type { ReadImage, ReadRun } from './image-overview.js';
import { imageOverview, releaseOf } from './image-overview.js';
import { signalActs, workerAct } from './next-acts.js';
import type { ComposeOverview, ImageOverview, NextAct, Overview } from './overview.js';
import { ATTENTIONS } from './overview.js';
import type { Judged } from './attention.js';
import { plainReason } from './plain-reason.js';

export interface ReadCompose extends ReadRun {
  readonly kind: 'compose';
  readonly progress: ComposeProgress | null;
  readonly images: readonly ReadImage[];
  readonly reason: string | null;
  readonly message: ComposeMessage | null;
}

export function overviewOf(read: ReadImage | ReadCompose): Overview {
  return read.kind === 'image' ? imageOverview(read) : composeOverview(read);
}

export function composeOverview(read: ReadCompose): ComposeOverview {
  const { workflowId, outcome, progress, failure, note } = read;
  const images = read.images.map(imageOverview);
  const compose = read.compose ?? composeIdOf(workflowId);
  const judged = judge(read, images);
  return {
    kind: 'compose',
    workflowId,
    runId: read.runId,
    id: idOf({ kind: 'compose', workflowId }),
    compose,
    release: images.find(({ release }) => release !== null)?.release ?? releaseOf(compose),
    startedAt: read.startedAt,
    closedAt: read.closedAt,
    outcome,
    isCancelling: outcome === 'running' && read.isCancelling === true,
    ...judged,
    next: actsOf(read, images, judged),
    failure: failure === null ? null : { ...failure, message: plainReason(failure.message) },
    note,
    link: read.link,
    state: progress?.state ?? null,
    pungi: progress?.status ?? null,
    images,
    absent: progress?.absent ?? [],
  };
}

/** The most urgent of the compose's own and of its images'. */
function judge(
  { outcome, note, failure, reason }: ReadCompose,
  images: readonly ImageOverview[],
): Judged {
  if (outcome === 'running' && note !== null) return { attention: 'no-worker', reason: note };
  const urgent = ATTENTIONS.find((one) => images.some(({ attention }) => attention === one));
  const image = images.find(({ attention }) => attention === urgent);
  if (urgent !== undefined && image !== undefined) {
    return { attention: urgent, reason: `${image.arch ?? image.image}: ${image.reason ?? urgent}` };
  }
  if (outcome === 'failed' || outcome === 'terminated') {
    return { attention: 'failed', reason: failure === null ? null : plainReason(failure.message) };
  }
  return { attention: null, reason };
}

/** A compose that closed is published again as a whole; what runs is acted on image by image. */
function actsOf(
  { outcome, message }: ReadCompose,
  images: readonly ImageOverview[],
  { attention }: Judged,
): NextAct[] {
  const own = images.flatMap(({ next }) => next);
  // All images wait for the same worker.
  if (outcome === 'running' && attention === 'no-worker') return [workerAct()];
  const acts = own.filter(({ act }) => act !== 'publish-again' && act !== 'worker');
  const isClosed = outcome !== 'running';
  return [...dedupe(acts), ...(isClosed ? signalActs(message) : [])];
}

function dedupe(acts: readonly NextAct[]): NextAct[] {
  return [...new Map(acts.map((one) => [one.command, one])).values()];
}
