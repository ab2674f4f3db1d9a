/** The AMIs of the newest release and of the newest Beta, in the form that fedoraproject.org/cloud is built from. */

import type { Arch } from '../compose/compose.js';
import { ARCHES } from '../compose/compose.js';
import { imageKeyOf, inOrder, ofOneVariant } from './catalogue.js';
import type { AmiRecord } from '../progress/progress.js';
import { NUMBERED_LABEL } from '../plan/published-as.js';
import { HVM_VARIANT_KEYS } from '../ids/variant.js';

/** The site's list: region to AMI, for each architecture. */
export type AmisByRegion = Readonly<Record<Arch, Readonly<Record<string, string>>>>;

export interface FedoraWebsites {
  readonly ga: AmisByRegion;
  readonly beta: AmisByRegion;
}

/** A release and its candidate, as the site's own release file names them: `43` and `1.6`. */
export interface Milestone {
  readonly release: string;
  readonly candidate: string;
}

export interface WebsitesChoice {
  /** Default: the newest. */
  readonly ga?: Milestone | undefined;
  readonly beta?: Milestone | undefined;
  /** Default: HVM on the volume type with the most regions; of several, the fastest. */
  readonly variant?: string | undefined;
}

/** UKI and other images have other places on the site. */
const SUBVARIANT = 'Cloud_Base';

const natural = new Intl.Collator('en', { numeric: true });

export function fedoraWebsites(
  records: readonly AmiRecord[],
  { ga, beta, variant }: WebsitesChoice = {},
): FedoraWebsites {
  const open = records.filter((record) => record.public && record.subvariant === SUBVARIANT);
  const variants = variant === undefined ? HVM_VARIANT_KEYS : [variant];
  return {
    ga: amisOf(ofMilestone(open, 'RC', ga), variants),
    beta: amisOf(ofMilestone(open, 'Beta', beta), variants),
  };
}

/** `43-1.6`, or undefined. */
export function parseMilestone(text: string): Milestone | undefined {
  const [, release, candidate] = /^(\d{1,3})-(\d{1,2}\.\d{1,3})$/.exec(text) ?? [];
  return release === undefined || candidate === undefined ? undefined : { release, candidate };
}

/** The records of the chosen milestone; by default, of the newest release that has one, and its last candidate. */
function ofMilestone(
  records: readonly AmiRecord[],
  stage: 'RC' | 'Beta',
  chosen: Milestone | undefined,
): AmiRecord[] {
  const candidates = records.flatMap((record) => {
    const [, name, candidate] = NUMBERED_LABEL.exec(record.label ?? '') ?? [];
    const isNumbered = /^\d+$/.test(record.release);
    return name === stage && candidate !== undefined && isNumbered ? [{ record, candidate }] : [];
  });
  const newest = candidates.reduce<Milestone | undefined>((best, { record, candidate }) => {
    const { release } = record;
    const order =
      best === undefined
        ? 1
        : natural.compare(release, best.release) || natural.compare(candidate, best.candidate);
    return order > 0 ? { release, candidate } : best;
  }, undefined);
  const { release, candidate } = chosen ?? newest ?? {};
  return candidates
    .filter((one) => one.record.release === release && one.candidate === candidate)
    .map(({ record }) => record);
}

function amisOf(records: readonly AmiRecord[], variants: readonly string[]): AmisByRegion {
  const byRegion = (arch: Arch): Record<string, string> => {
    const ofArch = inOrder(records.filter((record) => record.arch === arch));
    // Two composes may have the same label: take all regions from one of them.
    const newest = ofArch.filter(
      (record) => imageKeyOf(record) === imageKeyOf(ofArch[0] ?? record),
    );
    const entries = ofOneVariant(newest, variants).flatMap(({ region, ami }) =>
      ami === null ? [] : [[region, ami]],
    );
    return Object.fromEntries(entries.sort()) as Record<string, string>;
  };
  return Object.fromEntries(ARCHES.map((arch) => [arch, byRegion(arch)])) as AmisByRegion;
}
