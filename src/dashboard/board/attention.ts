/** What needs a person, worst first: each with its reason, and with what to do about it. */

import { regionsCommand } from '../../model/status/commands.js';
import type {
  ImageOverview,
  NextAct,
  Overview,
  RegionOverview,
} from '../../model/status/overview.js';

export interface AttentionItem {
  readonly severity: 'bad' | 'warn';
  /** The compose or the image. */
  readonly subject: Overview;
  /** The regions that have the same reason. */
  readonly regions: readonly string[];
  readonly what: string;
  readonly reason: string | null;
  /** In words, as the run gives it. */
  readonly advice: string | null;
  readonly next: readonly NextAct[];
}

/** A failure that is older is history: the list of composes still shows it. */
const RECENT_MS = 14 * 86_400_000;

export function attentionOf(overviews: readonly Overview[], nowMs: number): AttentionItem[] {
  return overviews
    .filter(({ closedAt }) => closedAt === null || nowMs - Date.parse(closedAt) < RECENT_MS)
    .flatMap(ofOverview)
    .toSorted((a, b) => rank(a) - rank(b));
}

export function ofOverview(overview: Overview): AttentionItem[] {
  if (overview.kind === 'image') return ofImage(overview);
  const images = overview.images.flatMap(ofImage);
  // The failure of a compose repeats those of its images.
  return images.length > 0 ? images : ofRun(overview);
}

function rank({ severity }: AttentionItem): number {
  return severity === 'bad' ? 0 : 1;
}

function ofImage(image: ImageOverview): AttentionItem[] {
  const regions = ofRegions(image);
  return [...ofRun(image), ...regions, ...ofHold(image), ...ofTroubles(image, regions)];
}

/** The run as a whole: it failed, or stands still. */
function ofRun(subject: Overview): AttentionItem[] {
  const { outcome, failure, note, attention, reason, next } = subject;
  const base = { subject, regions: [], severity: 'bad', next } as const;
  if (outcome === 'failed' || outcome === 'terminated') {
    const why = failure?.message ?? reason;
    return [{ ...base, what: outcome, reason: why, advice: failure?.next ?? null }];
  }
  if (attention !== 'no-worker' && (outcome !== 'running' || note === null)) return [];
  return [{ ...base, what: 'stands still', reason: note ?? reason, advice: null }];
}

const TROUBLED: readonly string[] = ['failed', 'waiting-for-operator'];

/** Regions with the same state, reason and advice are one item. */
function ofRegions(image: ImageOverview): AttentionItem[] {
  if (['failed', 'cancelled', 'terminated'].includes(image.outcome)) return [];
  const groups = new Map<string, RegionOverview[]>();
  for (const region of image.regions.filter(({ state }) => TROUBLED.includes(state))) {
    const key = JSON.stringify([region.state, region.reason, region.next, region.dueAt]);
    groups.set(key, [...(groups.get(key) ?? []), region]);
  }
  return [...groups.values()].map((group): AttentionItem => {
    const [first] = group;
    const regions = group.map(({ region }) => region);
    const waits = first?.state === 'waiting-for-operator';
    return {
      ...{ severity: 'bad', subject: image, regions },
      what: waits ? 'failed, and waits for you' : 'failed',
      ...{ reason: first?.reason ?? null, advice: first?.next ?? null },
      next: image.next.flatMap((one) => actFor(one, image, regions)),
    };
  });
}

/** The image's act for these regions only. */
function actFor(one: NextAct, image: ImageOverview, regions: readonly string[]): NextAct[] {
  if (one.act !== 'retry' && one.act !== 'skip') return [];
  const own = regions.filter((region) => one.regions.length === 0 || one.regions.includes(region));
  if (own.length === 0) return [];
  return [{ ...one, regions: own, command: regionsCommand(one.act, image, own) }];
}

function ofHold(image: ImageOverview): AttentionItem[] {
  const { hold, outcome, acts } = image;
  if (hold === null || outcome !== 'running') return [];
  const base = { severity: 'warn', subject: image, regions: [], advice: null } as const;
  const where = `before the step ${hold.before}`;
  const next = image.next.filter(({ act }) => act === 'approve' || act === 'resume');
  if (hold.for === 'approval') {
    return [{ ...base, what: `waits for approval ${where}`, reason: null, next }];
  }
  const pause = acts.findLast(({ action }) => action === 'pause');
  const who = pause === undefined ? '' : ` by ${pause.by}`;
  return [{ ...base, what: `paused${who} ${where}`, reason: pause?.reason ?? null, next }];
}

/** Attempts that fail and are repeated: the run goes on, and the reason may need a person. */
function ofTroubles(image: ImageOverview, known: readonly AttentionItem[]): AttentionItem[] {
  const isKnown = new Set(known.flatMap(({ regions }) => regions));
  return image.troubles
    .filter(({ region }) => region === null || !isKnown.has(region))
    .map(({ region, what, attempt, reason, next }) => ({
      ...({ severity: 'warn', subject: image, reason, advice: next, next: [] } as const),
      regions: region === null ? [] : [region],
      what: `${what}: tried again, attempt ${attempt}`,
    }));
}
