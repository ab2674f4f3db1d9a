/** A test that cannot run here leaves its virtualization type out; it does not fail the image. */

import { log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import type { RegisteredAmi } from '../../model/plan/plan.js';
import { failureDetails, failureReason, isCancelled } from '../failure-reason.js';
import { waiting } from '../profiles.js';
import type { Publication } from './publication.js';
import type { RegionAmis } from './region-amis.js';

const { leaveOutUntested } = proxyActivities<Pick<Activities, 'leaveOutUntested'>>(waiting);

/** The script ran on the AMI, and the image failed. */
const VERDICTS = ['test-failed', 'test-timed-out'];

/**
 * Whether the failure shows only that paravirtual AMIs cannot be tested: no instance type with room, nothing that
 * PV-GRUB reads. HVM AMIs run on every type, so their failure is the image's; so is that of an image without other AMIs.
 */
export function isUntestable(
  { isEnding }: Publication,
  home: RegionAmis,
  { virt }: RegisteredAmi['variant'],
  failure: unknown,
): boolean {
  if (virt !== 'paravirtual' || isEnding || isCancelled(failure)) return false;
  if (VERDICTS.includes(failureDetails(failure)?.code ?? '')) return false;
  return home.amis.some(({ variant }) => variant.virt !== virt);
}

/** Takes the type out of the plan and of the home region; the home region with the AMIs that stay. */
export async function leaveOutVirt(
  publication: Publication,
  home: RegionAmis,
  { virt }: RegisteredAmi['variant'],
  failure: unknown,
): Promise<RegionAmis> {
  const { run } = publication;
  const { regionName } = home.regionPlan;
  const untested = { virt, reason: failureReason(failure) };
  const amis = home.amis.filter(({ variant }) => variant.virt !== virt);
  const gone = home.amis.filter((ami) => !amis.includes(ami)).map(({ ami }) => ami);
  const kept = [...new Set(amis.flatMap(({ ami, snapshot }) => [snapshot, ami]))];
  log.warn('a virtualization type could not be tested and is left out', { ...untested });
  // The instances of its test may be running without an agent.
  await publication.undo.clear(regionName, 'test');
  const summary = `leave out ${gone.length} ${virt} AMIs`;
  await leaveOutUntested.executeWithOptions({ summary }, [
    { regionName, untested, amis: gone, kept },
  ]);
  publication.leaveOutVirt(untested);
  run.setRegion(regionName, { amis });
  return { regionPlan: publication.plan.home, amis };
}
