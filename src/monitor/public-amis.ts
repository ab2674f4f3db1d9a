/** Whether the published AMIs of the newest composes are still public, and how much of the quota is left. */

import type { RegionAccess } from '../aws/region-access.js';
import { publicAmiQuota, publicImages } from '../aws/quotas.js';
import { readEnd } from '../client/run-end.js';
import type { Publication } from '../client/publications.js';
import type { Session } from '../client/session.js';
import { mapLimited } from '../model/map-limited.js';
import type { ImageResult } from '../model/progress/progress.js';
import type { RegionNumbers } from '../telemetry/deployment-metrics.js';

const RUNS_AT_ONCE = 5;

export interface WantedPublic {
  /** The ids that must be public, by region. */
  readonly byRegion: ReadonlyMap<string, readonly string[]>;
}

/** Those that the runs of the newest `composes` made public. `published` has the last closed run first. */
export async function wantedPublic(
  session: Session,
  published: readonly Publication[],
  composes: number,
): Promise<WantedPublic> {
  const newest = [...new Set(published.map(({ compose }) => compose))].slice(0, composes);
  const runs = published.filter(({ compose }) => newest.includes(compose));
  const ends = await mapLimited(runs, RUNS_AT_ONCE, (run) => readEnd<ImageResult>(session, run));
  const byRegion = new Map<string, string[]>();
  for (const end of ends) {
    if (!('result' in end)) continue;
    for (const { region, ami, public: isPublic } of end.result.amis) {
      if (ami === null || !isPublic) continue;
      byRegion.set(region, [...new Set([...(byRegion.get(region) ?? []), ami])]);
    }
  }
  return { byRegion };
}

/** One listing of the region serves both questions. */
export async function checkRegion(
  ec2: RegionAccess,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly numbers: RegionNumbers; readonly missing: readonly string[] }> {
  const [{ value: quota }, images] = await Promise.all([
    publicAmiQuota(ec2, signal),
    publicImages(ec2, signal),
  ]);
  const isPublic = new Set(images.map(({ ImageId }) => ImageId));
  const missing = wanted.filter((ami) => !isPublic.has(ami));
  const quotaLeft = Math.max(0, quota - images.length);
  return {
    numbers: { checked: wanted.length, missing: missing.length, quota, quotaLeft },
    missing,
  };
}
