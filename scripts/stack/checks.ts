/** What must hold when all composes have ended: everything public, every message sent, nothing left, no run disturbed. */

import { listAmis } from '../../src/client/amis.js';
import type { Session } from '../../src/client/session.js';
import type { ComposeStatus } from '../../src/client/status.js';
import type { SampleCompose } from '../../src/local/compose-server/sample-compose.js';
import { leftovers, listResources, publishedResources } from '../../src/local/cloud-resources.js';
import { compareSnapshots } from '../../src/local/snapshot-check.js';
import type { Announcement } from './rabbitmq.js';

export interface Ended {
  readonly compose: SampleCompose;
  readonly status: ComposeStatus;
  /** The version on which all its images must have run from begin to end. */
  readonly buildId: string;
}

export interface Findings {
  readonly problems: readonly string[];
  /** For people. */
  readonly lines: readonly string[];
}

export async function checkAll(
  session: Session,
  simulatorUrl: string,
  {
    ended,
    announcements,
  }: { readonly ended: readonly Ended[]; readonly announcements: readonly Announcement[] },
): Promise<Findings> {
  const problems: string[] = [];
  const lines: string[] = [];
  const publicAmis = new Set<string>();
  for (const { compose, status, buildId } of ended) {
    if (status.outcome !== 'published')
      problems.push(`${compose.composeId} ended as ${status.outcome}`);
    const amis = (await listAmis(session, { compose: compose.composeId })).filter(
      ({ ami }) => ami !== null,
    );
    const open = amis.filter((row) => row.public);
    for (const { ami } of open) publicAmis.add(ami ?? '');
    if (open.length < amis.length)
      problems.push(`${amis.length - open.length} AMIs of ${compose.composeId} are private`);
    const bytes = await compareSnapshots(simulatorUrl, amis, compose.images);
    problems.push(...bytes.wrong);
    const regions = new Set(amis.map(({ region }) => region)).size;
    lines.push(
      `${compose.composeId}: ${status.images.length} images, ${open.length} public AMIs in ${regions} regions, ` +
        `the bytes of ${bytes.compared} snapshots are right, on version ${buildId}`,
    );
    for (const { workflowId, runId } of status.images) {
      problems.push(...(await checkRun(session, { workflowId, runId, buildId })));
    }
    problems.push(...(await checkRun(session, status)));
  }
  problems.push(...(await checkLeftovers(simulatorUrl, publicAmis)));
  problems.push(...checkMessages(ended, publicAmis, announcements));
  const distinct = new Set(announcements.map(({ messageId }) => messageId)).size;
  lines.push(
    `${distinct} messages, ${announcements.length - distinct} of them sent twice with the same id: one for each AMI and each run`,
  );
  return { problems, lines };
}

/** A replay on wrong code fails a workflow task; a pinned run on another version's worker shows in its description. */
async function checkRun(
  { access }: Session,
  { workflowId, runId, buildId }: { workflowId: string; runId: string; buildId?: string },
): Promise<string[]> {
  const handle = access.client.workflow.getHandle(workflowId, runId);
  const { events } = await handle.fetchHistory();
  const failed = (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: task }) =>
    task
      ? [`a workflow task of ${workflowId} failed: ${task.failure?.message ?? 'no reason'}`]
      : [],
  );
  const completions = (events ?? []).flatMap(
    ({ workflowTaskCompletedEventAttributes: task }) => task?.deploymentVersion?.buildId ?? [],
  );
  if (completions.length === 0) return [...failed, `no task of ${workflowId} names its version`];
  const strange = completions.filter((one) => buildId !== undefined && one !== buildId);
  if (strange.length === 0) return failed;
  return [
    ...failed,
    `${workflowId} is of version ${buildId}, but ${strange.length} tasks ran on ${strange[0]}`,
  ];
}

async function checkLeftovers(
  simulatorUrl: string,
  publicAmis: ReadonlySet<string>,
): Promise<string[]> {
  const resources = await listResources(simulatorUrl);
  const left = leftovers(resources).map(
    ({ type, id, region }) => `left: ${type} ${id} in ${region}`,
  );
  const unlisted = publishedResources(resources)
    .filter(({ type, id }) => type === 'image' && !publicAmis.has(id))
    .map(({ id, region }) => `left: AMI ${id} in ${region}, which no run lists`);
  const hidden = publishedResources(resources).filter((resource) => !resource.public);
  return [...left, ...unlisted, ...hidden.map(({ type, id }) => `private: ${type} ${id}`)];
}

function checkMessages(
  ended: readonly Ended[],
  publicAmis: ReadonlySet<string>,
  announcements: readonly Announcement[],
): string[] {
  const published = announcements.filter(({ topic }) => topic.endsWith('.fedimg.image.publish'));
  const announced = new Set(
    published.map(({ body }) => (body['extra'] as { readonly id?: string }).id ?? ''),
  );
  const lost = [...publicAmis]
    .filter((ami) => !announced.has(ami))
    .map((ami) => `no message announces ${ami}`);
  const strange = [...announced]
    .filter((ami) => !publicAmis.has(ami))
    .map((ami) => `a message announces ${ami}`);
  const runs = announcements.filter(({ topic }) => topic.endsWith('.fedimg.run.v1.published'));
  const ids = new Set(runs.map(({ body }) => body['workflow_id']));
  const silent = ended
    .flatMap(({ status }) => status.images)
    .filter(({ workflowId }) => !ids.has(workflowId))
    .map(({ workflowId }) => `no message reports that ${workflowId} is published`);
  return [...lost, ...strange, ...silent];
}
