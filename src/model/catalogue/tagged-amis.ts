/** The catalogue from the AMIs' own tags: a row for each AMI, and one for each that is missing. */

import type { RunRef } from '../ids/run-ref.js';
import type { ImageFacts } from './ami-records.js';
import { missingRecord } from './ami-records.js';
import { ARCHES } from '../compose/compose.js';
import { renderTemplate, variantValues } from '../ids/name-template.js';
import type { PlannedVariant } from '../plan/plan-tags.js';
import { isTested, parseLeftOut, parseVariants } from '../plan/plan-tags.js';
import { untestedReason } from '../plan/untested.js';
import type { AmiRecord } from '../progress/progress.js';
import { runOf } from '../sweep/stray.js';
import type { Tags } from '../ids/tags.js';
import { RESULT_STATE, TAG } from '../ids/tags.js';
import type { Variant } from '../ids/variant.js';
import { parseVariantKey, variantKey, variantRefusal } from '../ids/variant.js';

/** An AMI of this deployment, as EC2 lists it. */
export interface TaggedAmi {
  readonly region: string;
  readonly ami: string;
  readonly name: string;
  readonly snapshot: string | null;
  readonly isPublic: boolean;
  readonly owner: string;
  readonly createdMs: number;
  readonly tags: Tags;
}

export interface RecordsOfTags {
  readonly records: AmiRecord[];
  /** Results without one of the required tags: their image is unknown. */
  readonly illegible: readonly TaggedAmi[];
}

/** Reads results only: an AMI that is neither public nor marked as complete belongs to a run that is under way or failed. */
export function recordsOfTags(amis: readonly TaggedAmi[], deployment: string): RecordsOfTags {
  const images = new Map<string, Known[]>();
  const illegible: TaggedAmi[] = [];
  const isResult = ({ isPublic, tags }: TaggedAmi) =>
    isPublic || tags[TAG.state] === RESULT_STATE.complete;
  for (const ami of amis.filter(isResult)) {
    const known = readTags(ami, deployment);
    if (known === undefined) {
      illegible.push(ami);
      continue;
    }
    const { compose, image, arch } = known.image;
    const key = JSON.stringify([compose, image, arch]);
    images.set(key, [...(images.get(key) ?? []), known]);
  }
  return { records: [...images.values()].flatMap(recordsOfImage), illegible };
}

interface Known extends TaggedAmi {
  readonly image: ImageFacts;
  readonly variant: Variant;
  readonly run: RunRef;
}

function readTags(ami: TaggedAmi, deployment: string): Known | undefined {
  const { tags } = ami;
  const [compose, release, image] = [tags[TAG.compose], tags[TAG.release], tags[TAG.image]];
  const arch = ARCHES.find((one) => one === tags[TAG.arch]);
  const variant = parseVariantKey(tags[TAG.variant] ?? '');
  const run = runOf(ami, deployment);
  if (compose === undefined || release === undefined || image === undefined) return undefined;
  if (arch === undefined || variant === undefined || run === undefined) return undefined;
  const { [TAG.label]: label, [TAG.subvariant]: subvariant } = tags;
  const facts = {
    ...{ compose, release, image, arch },
    ...(label === undefined ? {} : { label }),
    ...(subvariant === undefined ? {} : { subvariant }),
  };
  return { ...ami, image: facts, variant, run };
}

function recordsOfImage(amis: readonly Known[]): AmiRecord[] {
  const there = amis.map(({ image, variant, region, name, ami, snapshot, ...rest }): AmiRecord => {
    const { owner, run, tags } = rest;
    const facts = { ...image, ...variant, region, name, ami, snapshot, owner, run };
    return { ...facts, public: rest.isPublic, tested: isTested(tags) };
  });
  return [...there, ...missingOfImage(amis)];
}

/** The missing AMIs of regions that have some, and of regions that the tags note as left out. */
function missingOfImage(amis: readonly Known[]): AmiRecord[] {
  const missing = new Map<string, AmiRecord>();
  const add = (source: Known, regionName: string, planned: PlannedVariant, reason: string) => {
    const { image, run, tags } = source;
    const { variant } = planned;
    const key = `${regionName} ${variantKey(variant)}`;
    const isThere = amis.some((one) => `${one.region} ${variantKey(one.variant)}` === key);
    if (isThere || missing.has(key)) return;
    const name = renderTemplate(tags[TAG.names] ?? '', variantValues(variant, regionName));
    const refused = planned.wanted ? undefined : refusal(planned, image, regionName);
    const why = untestedReason(tags, variant.virt) ?? refused ?? reason;
    missing.set(key, {
      ...missingRecord(image, { variant, region: regionName, name, reason: why }),
      run,
    });
  };
  for (const source of amis) {
    for (const { regionName: region, variants, reason } of parseLeftOut(source.tags)) {
      for (const planned of parseVariants(variants)) add(source, region, planned, reason);
    }
  }
  for (const source of amis) {
    const reason = `EC2 lists no such AMI in ${source.region}`;
    for (const planned of parseVariants(source.tags[TAG.variants])) {
      add(source, source.region, planned, reason);
    }
  }
  return [...missing.values()];
}

/** The plan's reason: only the missing PV kernel depends on the region. */
function refusal({ variant }: PlannedVariant, { arch }: ImageFacts, regionName: string) {
  return variantRefusal(variant, { arch, region: regionName, kernel: undefined });
}
