/** The notifications that follow from a look at the deployment. */

import { failureReport } from '../client/failure-report.js';
import type { Publication } from '../client/publications.js';
import { readEnd } from '../client/run-end.js';
import type { Session } from '../client/session.js';
import type { Notification } from '../model/notification.js';
import { composeIdOf, imageOfWorkflow } from '../model/ids/workflow-ids.js';
import { printable } from '../model/printable.js';
import type { ImageResult } from '../model/progress/progress.js';
import { outcomeOf } from './deployment-gauges.js';
import type { DeploymentState } from './deployment-state.js';

/** One that is due; `write` reads what it says, which costs a call. */
export interface DueNotification {
  readonly key: string;
  readonly event: Notification['event'];
  readonly write: () => Promise<Notification>;
}

/** Of a reason that a person reads on a telephone. */
const REASON_CHARS_MAX = 600;

export function dueNotifications(session: Session, state: DeploymentState): DueNotification[] {
  const failed = state.recent.filter(hasFailed);
  const withFailedImage = new Set(
    failed.filter(({ kind }) => kind === 'image').map(({ compose }) => compose),
  );
  // The failure of a compose repeats those of its images.
  const told = failed.filter((run) => run.kind === 'image' || !withFailedImage.has(run.compose));
  const partly = state.recent.filter(
    (run) => run.kind === 'image' && outcomeOf(run) === 'partly-published',
  );
  const waiting = state.open.filter(({ phase }) => phase === 'waiting-for-approval');
  return [
    ...told.map((run) => due(run, 'failed', () => ofFailed(session, run))),
    ...partly.map((run) => due(run, 'partly-published', () => ofPartly(session, run))),
    ...waiting.map((run) => due(run, 'waiting-for-approval', () => ofWaiting(run))),
  ];

  function due(
    run: Publication,
    event: Notification['event'],
    detail: () => Promise<Detail>,
  ): DueNotification {
    const key = `${event}/${run.workflowId}/${run.runId}`;
    return {
      key,
      event,
      write: async () => notificationOf(session, run, { key, event, ...(await detail()) }),
    };
  }
}

type Detail = Pick<Notification, 'title' | 'reason' | 'next'>;

function hasFailed(run: Publication): boolean {
  const outcome = outcomeOf(run);
  return outcome === 'failed' || outcome === 'terminated';
}

function notificationOf(
  { deployment }: Session,
  run: Publication,
  detail: Detail & Pick<Notification, 'key' | 'event'>,
): Notification {
  const { compose, image, arch, workflowId, link, closedAt, startedAt } = run;
  const facts = Object.entries({ compose, image, arch, link }).filter(
    ([, value]) => value !== null,
  );
  const shown = Object.entries(detail).map(([key, value]: [string, string | undefined]) => [
    key,
    key === 'key' ? value : shownText(value),
  ]);
  return {
    ...(Object.fromEntries(shown.filter(([, value]) => value !== undefined)) as typeof detail),
    ...Object.fromEntries(facts),
    deployment,
    workflow: workflowId,
    at: closedAt ?? startedAt,
  };
}

function shownText(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const one = printable(text);
  return one.length > REASON_CHARS_MAX ? `${one.slice(0, REASON_CHARS_MAX)}…` : one;
}

/** As a person calls it on the command line. */
function idOf({ workflowId }: Publication): string {
  return imageOfWorkflow(workflowId) ?? composeIdOf(workflowId);
}

async function ofFailed(session: Session, run: Publication): Promise<Detail> {
  const end = await readEnd(session, run);
  const id = idOf(run);
  const verb = outcomeOf(run) === 'terminated' ? 'was terminated' : 'failed';
  const title = `${id} ${verb}`;
  if (!('failure' in end)) return { title };
  const { message, next = `fedimg status ${id}` } = failureReport(end.failure);
  return { title, reason: message, next };
}

async function ofPartly(session: Session, run: Publication): Promise<Detail> {
  const end = await readEnd<ImageResult>(session, run);
  const id = idOf(run);
  const left = 'result' in end ? end.result.failedRegions : [];
  const names = left.map(({ region }) => region);
  const [only] = names;
  const title = `${id} is partly published, without ${names.join(', ') || 'some AMIs'}`;
  const reason = left.map((one) => `${one.region}: ${one.reason}`).join('; ');
  const next = names.length === 1 ? `fedimg retry ${id} --region ${only}` : `fedimg retry ${id}`;
  return { title, next, ...(reason === '' ? {} : { reason }) };
}

function ofWaiting(run: Publication): Promise<Detail> {
  const id = idOf(run);
  return Promise.resolve({
    title: `${id} waits for approval`,
    reason: 'publish.approval is set: the image goes on after a person has approved it',
    next: `Look: fedimg status ${id}; then: fedimg approve ${id}`,
  });
}
