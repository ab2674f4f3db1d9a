/** The first page: what needs a person, what is under way, what came last. */

import type { ComposeOverview, ImageOverview, Overview } from '../../model/status/overview.js';
import type { AttentionItem } from '../board/attention.js';
import { attentionSection, safeUrl } from './attention.js';
import type { Choice } from './filter.js';
import { filterForm } from './filter.js';
import type { Page, PageContext } from './layout.js';
import type { Content, Markup } from './markup.js';
import { markup, reasonText, when } from './markup.js';
import { imagePath, publicationPath } from './paths.js';
import { regionCount, regionStrip } from './regions.js';
import { stepDots } from './steps.js';
import { duration, timeOf } from './times.js';
import { chip, overviewWord } from './words.js';

export interface ComposesView {
  /** Of all composes, whatever the filter. */
  readonly attention: readonly AttentionItem[];
  readonly overviews: readonly Overview[];
  readonly choices: readonly Choice[];
}

export function composesPage(view: ComposesView, context: PageContext): Page {
  const { overviews } = view;
  const open = overviews.filter(({ outcome }) => outcome === 'running');
  const closed = overviews.filter(({ outcome }) => outcome !== 'running');
  const content = markup`<h1>Composes</h1>
${attentionSection(view.attention, context)}
${filterForm('/', view.choices)}
${listSection('running', 'Running', open, context)}
${listSection('newest', 'Newest', closed, context)}
${when(overviews.length === 0, () => markup`<p class="empty">No publication matches. Start one with <code>fedimg compose signal FILE</code>, or <code>fedimg demo</code>.</p>`)}`;
  return { title: 'Composes', place: 'composes', isLive: true, content };
}

function listSection(
  id: string,
  title: string,
  overviews: readonly Overview[],
  context: PageContext,
): Content {
  if (overviews.length === 0) return undefined;
  return markup`<section aria-labelledby="${id}"><h2 id="${id}">${title} <span class="count">${overviews.length}</span></h2>
${overviews.map((overview) => card(overview, context))}</section>`;
}

function card(overview: Overview, { nowMs }: PageContext): Markup {
  const name = overview.kind === 'compose' ? overview.compose : overview.image;
  const images = overview.kind === 'compose' ? overview.images : [overview];
  const took = duration({ startedAt: overview.startedAt, endedAt: overview.closedAt }, nowMs);
  return markup`<article class="compose ${overviewWord(overview).tone}">
<h3><a href="${publicationPath(overview)}"><bdi>${name}</bdi></a> ${chip(overviewWord(overview))}</h3>
<p class="facts">${timeOf(overview.startedAt)} · ${took}${when(overview.kind === 'image', () => ' · published by hand')}${when(overview.link !== null, () => markup` · <a href="${safeUrl(overview.link)}" rel="noreferrer">Temporal<span class="sr"> timeline of ${name}</span></a>`)}</p>
${when(overview.reason !== null && overview.kind === 'compose' && images.length === 0, () => markup`<p class="reason">${reasonText(overview.reason)}</p>`)}
${images.map((image) => imageRow(image))}
${when(overview.kind === 'compose' && images.length === 0, () => markup`<p class="muted">${emptyText(overview as ComposeOverview)}</p>`)}
</article>`;
}

function emptyText({ outcome, pungi }: ComposeOverview): string {
  return outcome === 'running'
    ? `No image yet; pungi's status is ${pungi ?? 'unknown'}.`
    : 'It has no images.';
}

function imageRow(image: ImageOverview): Markup {
  const { workflowId, arch, outcome, step } = image;
  const isOpen = outcome === 'running';
  return markup`<div class="image-row">
<a href="${imagePath(workflowId)}"><bdi>${image.image}</bdi></a>
<span class="muted">${arch}</span>
${chip(overviewWord(image))}
${stepDots(image)}<span class="step-name">${when(isOpen && step !== null, () => step)}</span>
<span class="number">${when(image.regions.length > 0, () => regionCount(image))}</span>
${regionStrip(image)}
</div>`;
}
