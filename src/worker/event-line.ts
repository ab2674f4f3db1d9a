/** One log line for an event of a run. A message for each AMI would hide what failed, so those are logged at debug only. */

import type { Announcement } from '../model/progress/announcement.js';
import { imageOfWorkflow } from '../model/ids/workflow-ids.js';

export interface EventLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
  readonly fields: Record<string, unknown>;
}

const LEVELS: Readonly<Record<string, EventLine['level']>> = {
  failed: 'error',
  'partly-published': 'warn',
};

/** Of a run that began or ended, and of a region that is left out; undefined for every other message. */
export function eventLine({ topic, body }: Announcement): EventLine | undefined {
  const { workflow_id: workflow, outcome, reason, next, destination: region } = body;
  const more = {
    ...(reason === undefined ? {} : { reason }),
    ...(next === undefined ? {} : { next }),
  };
  const about = {
    workflow,
    image: typeof workflow === 'string' ? imageOfWorkflow(workflow) : undefined,
  };
  if (topic.startsWith('region.v1.')) {
    return { level: 'warn', text: 'a region is left out', fields: { ...about, region, ...more } };
  }
  if (!topic.startsWith('run.v1.') || typeof outcome !== 'string') return undefined;
  const text = outcome === 'started' ? 'publication started' : `publication ${outcome}`;
  return { level: LEVELS[outcome] ?? 'info', text, fields: { ...about, outcome, ...more } };
}

/** The keys of messages begin with the workflow's id. */
export function aboutRun(messageKey: string): Record<string, unknown> {
  const [, workflow] = /^((?:[^/]+\/)?image\/[^/]+\/[^/]+\/[^/]+)\//.exec(messageKey) ?? [];
  return workflow === undefined ? {} : { workflow, image: imageOfWorkflow(workflow) };
}
