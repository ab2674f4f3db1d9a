/** The catalogue of AMIs, read from Temporal: results of closed runs, progress of the others. */

import { architectureAttribute, composeAttribute, PUBLISH_IMAGE_WORKFLOW } from '../contract.js';
import type { Arch } from '../model/compose.js';
import type { AmiRecord, RegionProgress } from '../model/progress.js';
import { amiRecords } from '../model/progress.js';
import { readImageHistory } from './image-history.js';
import type { Publication } from './publications.js';
import { listPublications, quoted } from './publications.js';
import type { Session } from './session.js';
import type { ImageStatus } from './status.js';
import { readStatus } from './status.js';

export interface AmiFilter {
  readonly compose?: string | undefined;
  readonly region?: string | undefined;
  readonly arch?: Arch | undefined;
  readonly release?: string | undefined;
  /** Only the images of these workflow ids. */
  readonly workflowIds?: readonly string[] | undefined;
}

/** A row of the catalogue, with the page of the run that made it. */
export interface AmiRow extends AmiRecord {
  readonly workflowUrl: string | null;
}

/** Each image's rows, newest image first; what a newest run has not (yet) is taken from the run before. */
export async function listAmis(session: Session, filter: AmiFilter = {}): Promise<AmiRow[]> {
  const conditions = [`WorkflowType = ${quoted(PUBLISH_IMAGE_WORKFLOW)}`];
  if (filter.compose !== undefined) {
    conditions.push(`${composeAttribute.name} = ${quoted(filter.compose)}`);
  }
  if (filter.arch !== undefined) {
    conditions.push(`${architectureAttribute.name} = ${quoted(filter.arch)}`);
  }
  const runs = await listPublications(session, conditions.join(' AND '));
  const wanted = runs.filter(({ workflowId }) => filter.workflowIds?.includes(workflowId) ?? true);
  const images = await Promise.all(
    [...byWorkflow(wanted).values()].map((ofImage) => rowsOfImage(session, ofImage)),
  );
  return images
    .flat()
    .filter(({ region }) => filter.region === undefined || region === filter.region)
    .filter(({ release }) => filter.release === undefined || release === filter.release);
}

function byWorkflow(runs: readonly Publication[]): Map<string, Publication[]> {
  const images = new Map<string, Publication[]>();
  for (const run of runs) images.set(run.workflowId, [...(images.get(run.workflowId) ?? []), run]);
  return images;
}

/** `runs` is sorted newest first. What was made public is never undone by a later run's failure. */
async function rowsOfImage(session: Session, runs: readonly Publication[]): Promise<AmiRow[]> {
  const rows = new Map<string, AmiRow>();
  for (const run of runs) {
    for (const row of await rowsOfRun(session, run)) {
      const key = [row.region, row.virt, row.volumeType].join(' ');
      const known = rows.get(key);
      if (known === undefined || (known.ami === null && row.ami !== null)) rows.set(key, row);
    }
    if (rows.size > 0 && [...rows.values()].every(({ ami }) => ami !== null)) break;
  }
  return [...rows.values()];
}

async function rowsOfRun(session: Session, run: Publication): Promise<AmiRow[]> {
  const status = await readStatus(session, run);
  if (status.kind !== 'image') return [];
  const records = status.result?.amis ?? (await recordsOfOpenRun(session, status));
  return records.map((record) => amiRow(record, run.link));
}

/** The row with its keys in the order of the interface. */
export function amiRow(record: AmiRecord, workflowUrl: string | null): AmiRow {
  const { compose, release, image, arch, virt, volumeType, region, ami, snapshot, name } = record;
  return {
    ...{ compose, release, image, arch, virt, volumeType, region, ami, snapshot, name },
    ...{ public: record.public, tested: record.tested, workflowUrl },
    ...(record.reason === undefined ? {} : { reason: record.reason }),
  };
}

/** Of a run without a result: the plan says what is wanted, the progress what there is of it. */
async function recordsOfOpenRun(session: Session, status: ImageStatus): Promise<AmiRecord[]> {
  const { request, plan } = await readImageHistory(session.access, status);
  if (plan === undefined) return [];
  const image = {
    compose: request.composeId,
    release: request.release,
    image: request.image.name,
    arch: request.image.arch,
    tested: (status.progress?.tests.length ?? 0) > 0,
  };
  return [plan.home, ...plan.copies].flatMap((regionPlan) => {
    const { region, unusable } = regionPlan;
    const found = status.progress?.regions.find((one) => one.region === region);
    const progress = explained(status, found ?? { region, state: 'waiting', amis: [] });
    return amiRecords({
      image,
      plan: regionPlan,
      progress: unusable === undefined ? progress : { ...progress, reason: unusable },
    });
  });
}

function explained(status: ImageStatus, progress: RegionProgress): RegionProgress {
  if (progress.reason !== undefined) return progress;
  const reason =
    status.outcome === 'running'
      ? `not public yet: ${progress.state}`
      : `not published: the run ${status.outcome === 'failed' ? 'failed' : `was ${status.outcome}`}`;
  return { ...progress, reason };
}
