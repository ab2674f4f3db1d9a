/** The catalogue of AMIs, read from Temporal: results of closed runs, progress of the others. */

import { architectureAttribute, composeAttribute, PUBLISH_IMAGE_WORKFLOW } from '../contract.js';
import type { Arch } from '../model/compose/compose.js';
import { mapLimited } from '../model/map-limited.js';
import {
  amiRecords,
  imageFacts,
  passedVariants,
  withReason,
} from '../model/catalogue/ami-records.js';
import type { AmiRecord, ImageResult } from '../model/progress/progress.js';
import { variantKey } from '../model/ids/variant.js';
import { isUsable } from './attributes.js';
import { ClientError } from './errors.js';
import { readImageHistory } from './image-history.js';
import type { Publication } from './publications.js';
import { listPublications, quoted } from './publications.js';
import { readEnd } from './run-end.js';
import type { RunRef, Session } from './session.js';
import { linkTo } from './session.js';
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

/** Runs that are read at the same time: each open or failed one may query a worker. */
const RUNS_AT_ONCE = 20;

/** The rows of each image; an AMI that the newest run lacks is taken from an earlier run. */
export async function listAmis(session: Session, filter: AmiFilter = {}): Promise<AmiRow[]> {
  const records = await recordsFromHistories(session, filter);
  return records
    .filter(({ region }) => filter.region === undefined || region === filter.region)
    .map((record) => amiRow(record, (run) => linkTo(session, run)));
}

/** The records of completed runs by their run ids: they never change, so a page reads each of them once. */
export type CompletedRecords = Map<string, readonly AmiRecord[]>;

/** The records of the selected images in all regions; each names the run that made it. */
export async function recordsFromHistories(
  session: Session,
  filter: Omit<AmiFilter, 'region'> = {},
  completed: CompletedRecords = new Map(),
): Promise<AmiRecord[]> {
  const conditions = [`WorkflowType = ${quoted(PUBLISH_IMAGE_WORKFLOW)}`];
  const { access } = session;
  if (filter.compose !== undefined && (await isUsable(access, composeAttribute))) {
    conditions.push(`${composeAttribute.name} = ${quoted(filter.compose)}`);
  }
  if (filter.arch !== undefined && (await isUsable(access, architectureAttribute))) {
    conditions.push(`${architectureAttribute.name} = ${quoted(filter.arch)}`);
  }
  if (filter.workflowIds !== undefined) {
    conditions.push(`WorkflowId IN (${filter.workflowIds.map(quoted).join(', ')})`);
  }
  const runs = await listPublications(session, conditions.join(' AND '));
  const read = await mapLimited(runs, RUNS_AT_ONCE, (run) => readRun(session, run, completed));
  return byImage(read)
    .flatMap(mergedRecords)
    .filter(
      ({ release, compose, arch }) =>
        (filter.release === undefined || release === filter.release) &&
        (filter.compose === undefined || compose === filter.compose) &&
        (filter.arch === undefined || arch === filter.arch),
    );
}

/** Groups by compose, image and architecture, as the AMIs' tags do: a compose may publish again what was published by hand. */
function byImage(runs: readonly RunRecords[]): RunRecords[][] {
  const images = new Map<string, RunRecords[]>();
  for (const one of runs) {
    const { compose, image, arch, workflowId } = one.publication;
    const named = compose !== null && image !== null && arch !== null;
    const key = JSON.stringify(named ? [compose, image, arch] : [workflowId]);
    const known = images.get(key);
    if (known === undefined) images.set(key, [one]);
    else known.push(one);
  }
  return [...images.values()];
}

/** `runs` is sorted newest first. A later run that fails does not hide the AMIs of an earlier one. */
function mergedRecords(runs: readonly RunRecords[]): AmiRecord[] {
  const rows = new Map<string, AmiRecord>();
  for (const { records } of runs.toSorted((a, b) => weightOf(a) - weightOf(b))) {
    for (const record of records) {
      const key = [record.region, variantKey(record)].join(' ');
      const known = rows.get(key);
      if (known === undefined || (known.ami === null && record.ami !== null)) {
        rows.set(key, record);
      }
    }
  }
  return [...rows.values()];
}

interface RunRecords {
  readonly publication: Publication;
  readonly records: readonly AmiRecord[];
}

/**
 * The run that made the AMIs has the best reason why others are missing. A run that found its image
 * published only knows that they are missing.
 */
function weightOf({ records, publication }: RunRecords): number {
  const made = records.filter(({ ami }) => ami !== null);
  if (made.length === 0) return 2;
  return made.some(({ run }) => run?.runId === publication.runId) ? 0 : 1;
}

/** Without records when retention has removed the run since it was listed. */
async function readRun(
  session: Session,
  publication: Publication,
  completed: CompletedRecords,
): Promise<RunRecords> {
  const known = completed.get(publication.runId);
  if (known !== undefined) return { publication, records: known };
  try {
    const records = await recordsOfPublication(session, publication);
    if (publication.execution === 'COMPLETED') completed.set(publication.runId, records);
    return { publication, records };
  } catch (error) {
    if (!(error instanceof ClientError) || error.kind !== 'not-found') throw error;
    return { publication, records: [] };
  }
}

/** A completed run is not queried: a worker would have to replay it, and its result has all records. */
async function recordsOfPublication(session: Session, run: Publication): Promise<AmiRecord[]> {
  const end = run.execution === 'COMPLETED' ? await readEnd<ImageResult>(session, run) : undefined;
  if (end !== undefined && 'result' in end) return madeBy(run, end.result.amis);
  const status = await readStatus(session, run);
  return status.kind === 'image' ? recordsOfRun(session, status) : [];
}

/** The records of one run, also of a failed one; each names the run that made it. */
export async function recordsOfRun(session: Session, status: ImageStatus): Promise<AmiRecord[]> {
  const records = status.result?.amis ?? (await ofRunWithoutResult(session, status));
  return madeBy(status, records);
}

function madeBy({ workflowId, runId }: RunRef, records: readonly AmiRecord[]): AmiRecord[] {
  return records.map((record) => ({ ...record, run: record.run ?? { workflowId, runId } }));
}

/** The row with exactly the keys of the interface, in its order. */
export function amiRow(record: AmiRecord, linkOf: (run: RunRef) => string | null): AmiRow {
  const { compose, release, image, arch, virt, volumeType, region, ami, snapshot, name } = record;
  const workflowUrl = record.run === undefined ? null : linkOf(record.run);
  return {
    ...{ compose, release, image, arch, virt, volumeType, region, ami, snapshot, name },
    ...{ public: record.public, tested: record.tested, workflowUrl },
    ...(record.reason === undefined ? {} : { reason: record.reason }),
  };
}

/** Combines the plan (the wanted AMIs) with the progress (the existing ones). */
async function ofRunWithoutResult(session: Session, status: ImageStatus): Promise<AmiRecord[]> {
  const { request, plan } = await readImageHistory(session.access, status);
  if (plan === undefined) return [];
  const image = imageFacts(request);
  const tested = passedVariants(status.progress?.tests ?? []);
  return [plan.home, ...plan.copies].flatMap((regionPlan) => {
    const { regionName: region, unusable } = regionPlan;
    const found = status.progress?.regions.find((one) => one.region === region);
    const progress = withReason(found ?? { region, state: 'waiting', amis: [] }, status.outcome);
    return amiRecords({
      image,
      tested,
      plan: regionPlan,
      progress: unusable === undefined ? progress : { ...progress, reason: unusable },
    });
  });
}
