/** Whether the run ended as its schedule allows, and whether its record agrees with the cloud. */

import type { Evidence } from '../evidence.js';
import { isEffect, senderOf } from '../evidence.js';
import { ownOf } from './leftovers.js';

/** I6: what the record says of each wanted AMI is what a fresh listing says, and what is missing has a reason. */
export function accounted(evidence: Evidence): string[] {
  const { result, reference, status, listing } = evidence;
  if (result === undefined) {
    return status === 'COMPLETED' ? ['the run completed without a record'] : [];
  }
  const wrong: string[] = [];
  const images = ownOf(evidence, listing).filter(({ type }) => type === 'image');
  const byId = new Map(ownOf(evidence, listing).map((one) => [one.id, one]));
  for (const { region, name, ami, snapshot, reason, public: everyone } of result.amis) {
    if (ami === null) {
      if ((reason ?? '') === '') wrong.push(`${name} in ${region} is missing without a reason`);
      continue;
    }
    const found = byId.get(ami);
    if (found === undefined) wrong.push(`the record lists ${ami} (${name}), which is not there`);
    else if (found.public !== everyone || found.tags['Name'] !== name || found.region !== region) {
      wrong.push(`the record and the listing differ on ${ami} (${name})`);
    }
    if (snapshot === null || byId.get(snapshot)?.public !== everyone) {
      wrong.push(`the snapshot of ${ami} (${snapshot ?? 'none'}) is not as public as the AMI`);
    }
  }
  const listed = new Set(result.amis.map(({ ami }) => ami));
  wrong.push(
    ...images.filter(({ id }) => !listed.has(id)).map(({ id }) => `${id} is on no record`),
  );
  const named = new Set(result.amis.map(({ region, name }) => `${region} ${name}`));
  wrong.push(
    ...reference.amis
      .filter((one) => !named.has(one))
      .map((one) => `the record says nothing of ${one}`),
  );
  return wrong;
}

/** The end states of the matrix: a run that fails although every fault passes is a finding, whatever its reason. */
export function ends(evidence: Evidence): string[] {
  const { allowance, status, result, failure } = evidence;
  switch (status) {
    case 'COMPLETED': {
      if (!allowance.published) return [`it ended as ${result?.outcome ?? 'nothing'}: not allowed`];
      const refused = missingAmis(evidence).filter(
        (one) => !allowance.missing.has(one.split(' ')[0] ?? ''),
      );
      const reasons = result?.failedRegions.map(({ region, reason }) => `${region}: ${reason}`);
      return refused.map((one) => `${one} is missing (${reasons?.join('; ') ?? 'no reason'})`);
    }
    case 'FAILED':
      return allowance.failed ? [] : [`it failed although every fault passes: ${failure ?? ''}`];
    case 'CANCELLED':
      return allowance.cancelled ? [] : ['it is cancelled, and the test did not cancel it'];
    case 'TERMINATED':
      return allowance.terminated ? [] : ['it is terminated, and the test did not terminate it'];
    case 'RUNNING':
    case 'TIMED_OUT':
      // Said by I9.
      return [];
  }
}

/** What an undisturbed run makes public and this one did not, though its test could run. */
function missingAmis(evidence: Evidence): string[] {
  const there = new Set(
    ownOf(evidence, evidence.listing)
      .filter(({ type, public: everyone }) => type === 'image' && everyone)
      .map(({ region, tags }) => `${region} ${tags['Name']}`),
  );
  const untested = untestedAmis(evidence);
  return evidence.reference.amis.filter((one) => !there.has(one) && !untested.has(one));
}

/** What the record leaves out because its test could not run, where the schedule allows that. */
function untestedAmis({ allowance, result }: Evidence): ReadonlySet<string> {
  const virts = allowance.untested ? (result?.untested ?? []).map(({ virt }) => virt) : [];
  const rows = (result?.amis ?? []).filter(({ virt }) => virts.includes(virt));
  return new Set(rows.map(({ region, name }) => `${region} ${name}`));
}

/** A second delivery that completes an image must not begin it again. */
const BEGINS_AGAIN = ['RunInstances', 'CreateVolume', 'CreateSnapshot', 'StartSnapshot'];

/**
 * I7: the same image delivered once more adds the regions that are missing, without faults, and has no other effect; a
 * closed run has none either.
 */
export function once(evidence: Evidence): string[] {
  const { repeat, status, effects, workflowId, schedule } = evidence;
  if (repeat === undefined) return [];
  // By what is there: a region whose last look was refused is on the record as failed, and public all the same.
  const missing = new Set(missingAmis(evidence).map((one) => one.split(' ')[0]));
  // Without its tag, the evidence of the test is lost.
  const isTagRefused = schedule.faults.some(
    (fault) => fault.kind === 'refusal' && JSON.stringify(fault).includes('CreateTags'),
  );
  const expected =
    missing.size === 0
      ? ['already-published']
      : ['published', ...(isTagRefused ? ['partly-published'] : [])];
  const again = repeat.effects.filter(isEffect);
  const late = again
    .filter((effect) => senderOf(effect)?.workflowId === workflowId)
    .filter(({ action, region }) => !missing.has(region) || BEGINS_AGAIN.includes(action));
  return [
    ...(status === 'COMPLETED' && !expected.includes(repeat.outcome)
      ? [`the same image once more ended as ${repeat.outcome}`]
      : []),
    ...late.map(({ action, region }) => `once more, ${action} in ${region} had an effect`),
    ...(effects.length === 0 ? ['the log of the run is empty'] : []),
  ];
}
