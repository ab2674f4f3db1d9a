/** One compose: its images side by side, step by step and region by region. */

import { STEPS } from '../../model/progress/progress.js';
import type { ComposeOverview, ImageOverview } from '../../model/status/overview.js';
import { ofOverview } from '../board/attention.js';
import { runActs } from './acts.js';
import { attentionSection, safeUrl } from './attention.js';
import type { Page, PageContext } from './layout.js';
import type { Content, Markup } from './markup.js';
import { markup, reasonText, when } from './markup.js';
import { imagePath, withQuery } from './paths.js';
import { byUrgency, regionCount } from './regions.js';
import { duration, timeOf } from './times.js';
import { chip, overviewWord, REGION_WORDS, STEP_WORDS } from './words.js';

export function composePage(compose: ComposeOverview, context: PageContext): Page {
  const { images, absent } = compose;
  const content = markup`<p class="crumbs"><a href="/">Composes</a></p>
<h1><bdi>${compose.compose}</bdi> ${chip(overviewWord(compose))}</h1>
${facts(compose, context.nowMs)}
${attentionSection(ofOverview(compose), context)}
${when(
  images.length > 0,
  () => markup`<section aria-labelledby="images"><h2 id="images">Images and steps</h2>${stepMatrix(images, context.nowMs)}</section>
<section aria-labelledby="regions"><h2 id="regions">Images and regions</h2>${regionMatrix(images)}</section>`,
)}
${when(absent.length > 0, () => markup`<p>Configured, but not in this compose: ${absent.join(', ')}.</p>`)}
<p><a href="${withQuery('/amis', { compose: compose.compose })}">The AMIs of this compose</a></p>
${runActs(compose, context)}`;
  return {
    title: compose.compose,
    place: 'composes',
    isLive: compose.outcome === 'running',
    of: compose.workflowId,
    content,
  };
}

function facts(
  { startedAt, closedAt, pungi, release, link, reason }: ComposeOverview,
  nowMs: number,
): Markup {
  return markup`<p class="facts">${when(release !== null, () => markup`release ${release} · `)}${when(pungi !== null, () => markup`pungi: ${pungi} · `)}${timeOf(startedAt)} · ${duration({ startedAt, endedAt: closedAt }, nowMs)}${when(link !== null, () => markup` · <a href="${safeUrl(link)}" rel="noreferrer">Timeline in the Temporal UI</a>`)}</p>
${when(reason !== null, () => markup`<p class="reason">${reasonText(reason)}</p>`)}`;
}

function stepMatrix(images: readonly ImageOverview[], nowMs: number): Markup {
  const rows = images.map((image) => {
    const cells = STEPS.map((name) => {
      const found = image.steps.find(({ step }) => step === name);
      return markup`<td data-label="${name}">${when(found !== undefined, () => stepCell(found, nowMs))}</td>`;
    });
    return markup`<tr><th scope="row"><a href="${imagePath(image.workflowId)}"><bdi>${image.image}</bdi></a> <span class="muted">${image.arch}</span></th>
<td data-label="State">${chip(overviewWord(image))} <span class="muted">${when(image.regions.length > 0, () => regionCount(image))}</span></td>${cells}</tr>`;
  });
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Images and steps"><table class="matrix dense">
<thead><tr><th scope="col">Image</th><th scope="col">State</th>${STEPS.map((step) => markup`<th scope="col">${step}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function stepCell(step: ImageOverview['steps'][number] | undefined, nowMs: number): Content {
  if (step === undefined) return undefined;
  const { word, symbol, tone } = STEP_WORDS[step.state];
  const took = duration({ startedAt: step.startedAt ?? undefined, endedAt: step.endedAt }, nowMs);
  return markup`<span class="sign ${tone}"><span aria-hidden="true">${symbol}</span><span class="sr">${word}</span> ${took}</span>`;
}

/** Regions down, images across; the regions with trouble first. */
function regionMatrix(images: readonly ImageOverview[]): Content {
  const names = [
    ...new Set(byUrgency(images.flatMap(({ regions }) => regions)).map(({ region }) => region)),
  ];
  if (names.length === 0)
    return markup`<p class="muted">The plans have not named the regions yet.</p>`;
  const rows = names.map((name) => {
    const cells = images.map((image) => {
      const found = image.regions.find(({ region }) => region === name);
      return markup`<td data-label="${image.arch ?? image.image}">${found === undefined ? '' : chip(REGION_WORDS[found.state])}</td>`;
    });
    return markup`<tr id="region-${name}"><th scope="row">${name}</th>${cells}</tr>`;
  });
  const heads = images.map(
    (image) =>
      markup`<th scope="col"><a href="${imagePath(image.workflowId)}"><bdi>${image.image}</bdi></a></th>`,
  );
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Images and regions"><table class="matrix"><thead><tr><th scope="col">Region</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}
