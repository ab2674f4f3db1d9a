/** The catalogue of AMIs, read from Temporal: results of closed runs, progress of the others. */

import { architectureAttribute, composeAttribute, PUBLISH_IMAGE_WORKFLOW } from '../contract.js';
import type { Arch } from '../model/compose.js';
import { amiRecords, imageFacts, passedVariants, withReason } from '../model/ami-records.js';
import type { AmiRecord } from '../model/progress.js';
import { variantKey } from '../model/variant.js';
import { readImageHistory } from './image-history.js';
import type { Publication } from './publications.js';
import { listPublications, quoted } from './publications.js';
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
  const runs = await listPublications(session, conditions.join(' AND '));
  const wanted = runs.filter(({ workflowId }) => filter.workflowIds?.includes(workflowId) ?? true);
  const images = await Promise.all(byImage(wanted).map((ofImage) => ofRuns(session, ofImage)));
  return images
    .flat()
    .filter(({ release }) => filter.release === undefined || release === filter.release);
}

/** By what the AMIs' tags go by, too: an image may be published by hand, and by its compose again. */
function byImage(runs: readonly Publication[]): Publication[][] {
  const images = new Map<string, Publication[]>();
  for (const run of runs) {
    const { compose, image, arch, workflowId } = run;
    const named = compose !== null && image !== null && arch !== null;
    const key = JSON.stringify(named ? [compose, image, arch] : [workflowId]);
    images.set(key, [...(images.get(key) ?? []), run]);
  }
  return [...images.values()];
}

/** `runs` is sorted newest first. What was made public is never undone by a later run's failure. */
async function ofRuns(session: Session, runs: readonly Publication[]): Promise<AmiRecord[]> {
  const told = await Promise.all(runs.map((run) => ofRun(session, run)));
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
  readonly records: readonly AmiRecord[];
  readonly runId: string;
}

/**
 * Whoever made the AMIs says best why others are missing. A run that found its image published knows only
 * that they are.
 */
function weightOf({ records, runId }: Told): number {
  const made = records.filter(({ ami }) => ami !== null);
  if (made.length === 0) return 2;
  return made.some(({ run }) => run?.runId === runId) ? 0 : 1;
}

async function ofRun(session: Session, run: Publication): Promise<Told> {
  const status = await readStatus(session, run);
  const records = status.kind === 'image' ? await recordsOfRun(session, status) : [];
  return { records, runId: run.runId };
}

/** Of one run alone, whatever became of it; each record says which run made it. */
export async function recordsOfRun(session: Session, status: ImageStatus): Promise<AmiRecord[]> {
  const records = status.result?.amis ?? (await ofRunWithoutResult(session, status));
  const { workflowId, runId } = status;
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
    const { region, unusable } = regionPlan;
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
