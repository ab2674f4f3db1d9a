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

/** So many runs are read at a time: each that is open or failed may ask a worker. */
const RUNS_AT_ONCE = 20;

/** Each image's rows; what a newest run has not (yet) is taken from the run before. */
export async function listAmis(session: Session, filter: AmiFilter = {}): Promise<AmiRow[]> {
  const records = await recordsFromHistories(session, filter);
  return records
    .filter(({ region }) => filter.region === undefined || region === filter.region)
    .map((record) => amiRow(record, (run) => linkTo(session, run)));
}

/** All records of the images that the filter selects, whatever their region; each says which run made it. */
export async function recordsFromHistories(
  session: Session,
  filter: Omit<AmiFilter, 'region'> = {},
): Promise<AmiRecord[]> {
  const conditions = [`WorkflowType = ${quoted(PUBLISH_IMAGE_WORKFLOW)}`];
  if (filter.compose !== undefined) {
    conditions.push(`${composeAttribute.name} = ${quoted(filter.compose)}`);
  }
  if (filter.arch !== undefined) {
    conditions.push(`${architectureAttribute.name} = ${quoted(filter.arch)}`);
  }
  if (filter.workflowIds !== undefined) {
    conditions.push(`WorkflowId IN (${filter.workflowIds.map(quoted).join(', ')})`);
  }
  const runs = await listPublications(session, conditions.join(' AND '));
  const told = await mapLimited(runs, RUNS_AT_ONCE, (run) => toldBy(session, run));
  return byImage(told)
    .flatMap(ofImage)
    .filter(({ release }) => filter.release === undefined || release === filter.release);
}

/** By what the AMIs' tags go by, too: an image may be published by hand, and by its compose again. */
function byImage(told: readonly Told[]): Told[][] {
  const images = new Map<string, Told[]>();
  for (const one of told) {
    const { compose, image, arch, workflowId } = one.publication;
    const named = compose !== null && image !== null && arch !== null;
    const key = JSON.stringify(named ? [compose, image, arch] : [workflowId]);
    const known = images.get(key);
    if (known === undefined) images.set(key, [one]);
    else known.push(one);
  }
  return [...images.values()];
}

/** `told` is sorted newest first. What was made public is never undone by a later run's failure. */
function ofImage(told: readonly Told[]): AmiRecord[] {
  const rows = new Map<string, AmiRecord>();
  for (const { records } of told.toSorted((a, b) => weightOf(a) - weightOf(b))) {
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

interface Told {
  readonly publication: Publication;
  readonly records: readonly AmiRecord[];
}

/**
 * Whoever made the AMIs says best why others are missing. A run that found its image published knows only
 * that they are.
 */
function weightOf({ records, publication }: Told): number {
  const made = records.filter(({ ami }) => ami !== null);
  if (made.length === 0) return 2;
  return made.some(({ run }) => run?.runId === publication.runId) ? 0 : 1;
}

/** Nothing of a run that retention has removed since it was listed. */
async function toldBy(session: Session, publication: Publication): Promise<Told> {
  try {
    return { publication, records: await recordsOfPublication(session, publication) };
  } catch (error) {
    if (!(error instanceof ClientError) || error.kind !== 'not-found') throw error;
    return { publication, records: [] };
  }
}

/** A run that is done is not queried: its result says all, and a worker would have to replay it. */
async function recordsOfPublication(session: Session, run: Publication): Promise<AmiRecord[]> {
  const end = run.execution === 'COMPLETED' ? await readEnd<ImageResult>(session, run) : undefined;
  if (end !== undefined && 'result' in end) return madeBy(run, end.result.amis);
  const status = await readStatus(session, run);
  return status.kind === 'image' ? recordsOfRun(session, status) : [];
}

/** Of one run alone, whatever became of it; each record says which run made it. */
export async function recordsOfRun(session: Session, status: ImageStatus): Promise<AmiRecord[]> {
  const records = status.result?.amis ?? (await ofRunWithoutResult(session, status));
  return madeBy(status, records);
}

function madeBy({ workflowId, runId }: RunRef, records: readonly AmiRecord[]): AmiRecord[] {
  return records.map((record) => ({ ...record, run: record.run ?? { workflowId, runId } }));
}

/** The row with its keys in the order of the interface, and nothing else. */
export function amiRow(record: AmiRecord, linkOf: (run: RunRef) => string | null): AmiRow {
  const { compose, release, image, arch, virt, volumeType, region, ami, snapshot, name } = record;
  const workflowUrl = record.run === undefined ? null : linkOf(record.run);
  return {
    ...{ compose, release, image, arch, virt, volumeType, region, ami, snapshot, name },
    ...{ public: record.public, tested: record.tested, workflowUrl },
    ...(record.reason === undefined ? {} : { reason: record.reason }),
  };
}

/** The plan says what is wanted, the progress what there is of it. */
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
