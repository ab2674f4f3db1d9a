/** The regions of an image: a strip for lists, a matrix with the AMIs for the image's own page. */

import type {
  ImageOverview,
  RegionOverview,
  VariantOverview,
} from '../../model/status/overview.js';
import { copyable } from './acts.js';
import type { Content, Markup } from './markup.js';
import { markup, reasonText, shortened, when } from './markup.js';
import { duration, timeOf } from './times.js';
import { chip, REGION_WORDS } from './words.js';

/** Worst first, then what is under way, then what is done. */
const ORDER = ['bad', 'warn', 'busy', 'idle', 'good'] as const;

export function byUrgency(regions: readonly RegionOverview[]): RegionOverview[] {
  const rank = ({ state }: RegionOverview) => ORDER.indexOf(REGION_WORDS[state].tone);
  return regions.toSorted((a, b) => rank(a) - rank(b) || a.region.localeCompare(b.region));
}

/** How many regions have their AMIs, of those that are wanted. */
export function regionCount({ regions, steps }: ImageOverview): string {
  const wanted = regions.filter(({ state }) => state !== 'left-out');
  const isPublishing = steps.some(({ step, state }) => step === 'publish' && state !== 'waiting');
  const done = wanted.filter(({ state }) =>
    isPublishing
      ? state === 'published' || state === 'private'
      : ['copied', 'publishing', 'published', 'private'].includes(state),
  );
  return `${done.length} of ${wanted.length} regions`;
}

/** One sign a region, with its name and state for a pointer and for screen readers. */
export function regionStrip(image: ImageOverview): Content {
  if (image.regions.length === 0) return undefined;
  const cells = image.regions.map(({ region, state }) => {
    const { word, symbol, tone } = REGION_WORDS[state];
    return markup`<li class="${tone}" title="${region}: ${word}"><span aria-hidden="true">${symbol}</span><span class="sr">${region}: ${word}</span></li>`;
  });
  return markup`<ul class="strip" aria-label="Regions of ${image.image}">${cells}</ul>`;
}

/** Regions down, variants across; on a phone each region is a card. */
export function regionMatrix(image: ImageOverview, nowMs: number): Content {
  const { regions } = image;
  if (regions.length === 0)
    return markup`<p class="muted">The plan has not named the regions yet.</p>`;
  const variants = [
    ...new Set(regions.flatMap((one) => one.variants.map(({ variant }) => variant))),
  ];
  const rows = byUrgency(regions).map((region) => {
    const cells = variants.map((name) => {
      const found = region.variants.find(({ variant }) => variant === name);
      return markup`<td data-label="${name}">${found === undefined ? '' : amiCell(found)}</td>`;
    });
    return markup`<tr id="region-${region.region}"><th scope="row">${region.region}${when(region.isHome, () => markup` <span class="muted">home</span>`)}</th>
<td data-label="State">${regionState(region, nowMs)}</td>${cells}</tr>`;
  });
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Regions and variants"><table class="matrix">
<caption class="sr">AMIs of ${image.image} by region and variant, failures first</caption>
<thead><tr><th scope="col">Region</th><th scope="col">State</th>${variants.map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function regionState(region: RegionOverview, nowMs: number): Markup {
  const { state, startedAt, endedAt, percent, attempt, reason, nextTryAt, next, dueAt } = region;
  const isBusy = REGION_WORDS[state].tone === 'busy';
  const took = duration({ startedAt: startedAt ?? undefined, endedAt }, nowMs);
  return markup`${chip(REGION_WORDS[state])}
${when(took !== undefined, () => markup`<span class="muted">${took}</span>`)}
${when(isBusy && percent !== null, () => markup`<span class="muted">AWS reports ${percent}%</span>`)}
${when(attempt > 1, () => markup`<span class="muted">attempt ${attempt}</span>`)}
${when(reason !== null, () => markup`<div class="reason">${reasonText(reason)}</div>`)}
${when(next !== null && next !== reason, () => markup`<div><span class="muted">Next:</span> ${reasonText(next)}</div>`)}
${when(nextTryAt !== null, () => markup`<div class="muted">Next try ${timeOf(nextTryAt ?? '')}</div>`)}
${when(dueAt !== null, () => markup`<div class="muted">Left out after ${timeOf(dueAt ?? '')}</div>`)}`;
}

function amiCell({ ami, state, reason, name }: VariantOverview): Markup {
  if (ami === null) {
    const words = { waiting: 'not yet', 'not-wanted': 'not wanted', removed: 'removed' } as const;
    const text = state in words ? words[state as keyof typeof words] : 'none';
    return markup`<span class="muted"${when(reason !== null, () => markup` title="${shortened(reason ?? '', 300)}"`)}>${text}</span>`;
  }
  const note = state === 'registered' ? 'not public yet' : state;
  return markup`${copyable(ami, `${ami}, ${name}`)}${when(state !== 'public', () => markup` <span class="muted small">${note}</span>`)}`;
}
