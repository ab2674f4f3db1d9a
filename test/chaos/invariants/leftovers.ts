/** What may be alive after a run, and what may never be touched. */

import { TAG } from '../../../src/model/ids/tags.js';
import type { ListedResource } from '../../../src/simulator/index.js';
import type { Evidence } from '../evidence.js';
import { changedIds, isEffect } from '../evidence.js';

/**
 * I1: nothing alive carries the run's tags except what its record lists as published, since whatever else stays
 * costs money for ever. What is public stays, whatever became of the run. A run that was terminated, or that
 * AWS refused a removal, is looked at after its sweep.
 */
export function noLeak(evidence: Evidence): string[] {
  const { allowance, status, swept, listing } = evidence;
  const excused = status === 'TERMINATED' || allowance.leaves;
  const alive = (excused ? swept : undefined) ?? listing;
  const own = ownOf(evidence, alive);
  return own
    .filter((one) => !stays(evidence, own, one))
    .map((one) => `${line(one)} is alive after the run ended (${status})`);
}

function stays(evidence: Evidence, own: readonly ListedResource[], one: ListedResource): boolean {
  if (one.type === 'instance' || one.type === 'volume') return false;
  // A snapshot gets its permission before its AMI does: alone it was never published.
  const isPublicImage = ({ type, region, public: everyone }: ListedResource) =>
    type === 'image' && region === one.region && everyone;
  if (one.public && own.some(isPublicImage)) return true;
  const rows = evidence.result?.amis ?? [];
  return rows.some(({ ami, snapshot }) => ami === one.id || snapshot === one.id);
}

/** I2: one live AMI a name and region, and one a variant: a look-up must not find two. */
export function noDuplicate(evidence: Evidence): string[] {
  const images = ownOf(evidence, evidence.listing).filter(({ type }) => type === 'image');
  const names = images.map(({ region, tags }) => `${region} ${tags['Name']}`);
  const hashes = images.map(
    ({ region, tags }) => `${region} ${tags[TAG.rawSha256]} ${tags[TAG.variant]}`,
  );
  const snapshots = ownOf(evidence, evidence.listing)
    .filter(({ type, public: everyone }) => type === 'snapshot' && everyone)
    .map(({ region }) => `a public snapshot in ${region}`);
  return [...repeated(names), ...repeated(hashes), ...repeated(snapshots)].map(
    (name) => `more than one: ${name}`,
  );
}

/**
 * I8: what lacks our tags, belongs to another deployment or is an earlier run's is another's property; and
 * what is public may be running somewhere.
 */
export function blastRadius(evidence: Evidence): string[] {
  const { canaries, effects, listing } = evidence;
  const now = new Map((evidence.swept ?? listing).map((one) => [one.id, one]));
  const gone = canaries.flatMap((canary) => {
    const found = now.get(canary.id);
    if (found === undefined) return [`${line(canary)} is gone, and was not the run's`];
    return JSON.stringify(found) === JSON.stringify(canary) ? [] : [`${line(canary)} was changed`];
  });
  const ids = new Set(canaries.map(({ id }) => id));
  const types = ['instance', 'volume', 'snapshot', 'image'];
  const touched = effects.filter(isEffect).flatMap((effect) =>
    types
      .flatMap((type) => changedIds(effect, type))
      .filter((id) => ids.has(id))
      .map((id) => `${effect.action} changed ${id}, which was not the run's`),
  );
  return [...gone, ...touched, ...unpublished(evidence)];
}

/** What was made public, and is gone or private now. */
function unpublished({ effects, listing, swept }: Evidence): string[] {
  const now = new Map((swept ?? listing).map((one) => [one.id, one]));
  const removed = effects.filter(
    ({ action, result }) => action === 'DeregisterImage' && result === 'ok',
  );
  return effects
    .filter((effect) => isEffect(effect) && effect.action === 'ModifyImageAttribute')
    .flatMap((effect) => changedIds(effect, 'image').map((id) => ({ id, effect })))
    .filter(({ id }) => now.get(id)?.public !== true)
    .filter(({ id }) => removed.some((one) => changedIds(one, 'image').includes(id)) || now.has(id))
    .map(({ id, effect }) => `${id} in ${effect.region} was public and is so no more`);
}

/** The cloud was empty but for the canaries: all else is the run's, with or without its tags. */
export function ownOf(
  { canaries }: Pick<Evidence, 'canaries'>,
  listing: readonly ListedResource[],
): ListedResource[] {
  const planted = new Set(canaries.map(({ id }) => id));
  return listing.filter(({ id }) => !planted.has(id));
}

function line({ type, id, region, state, tags, public: everyone }: ListedResource): string {
  const who = everyone ? 'public' : 'private';
  return `${type} ${id} in ${region} (${state}, ${who}, ${tags[TAG.step] ?? 'no step'})`;
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
