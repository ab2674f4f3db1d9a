/** The fields of a log line of Temporal's SDK, in fedimg's words: which workflow, image, step and region it is about. */

import { imageOfWorkflow } from '../model/ids/workflow-ids.js';

/** Of no use to a reader, or the same in each line. */
const LEFT_OUT = [
  'activityId',
  'taskToken',
  'namespace',
  'taskQueue',
  'isLocal',
  'sdkComponent',
  'workflowType',
];

/** Bigints become texts, because a JSON writer refuses them. */
export function activityFields(meta: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { workflowId, runId, activityType, attempt, ...others } = meta;
  const image = typeof workflowId === 'string' ? imageOfWorkflow(workflowId) : undefined;
  const named = {
    ...(workflowId === undefined ? {} : { workflow: workflowId }),
    ...(runId === undefined ? {} : { run: runId }),
    ...(image === undefined ? {} : { image }),
    ...(activityType === undefined ? {} : { activity: activityType }),
    // Every attempt but the first is worth a field.
    ...(activityType !== undefined && attempt !== 1 ? { attempt } : {}),
  };
  const kept = Object.entries(others).filter(([key]) => !LEFT_OUT.includes(key));
  const plain = kept.map(([key, value]) => [
    key,
    typeof value === 'bigint' ? String(value) : value,
  ]);
  return { ...named, ...(Object.fromEntries(plain) as Record<string, unknown>) };
}
