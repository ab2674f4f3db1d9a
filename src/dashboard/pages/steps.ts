/** The eight steps of an image: as dots in a list, as bars with times on its own page. */

import { formatBytes, formatElapsed } from '../../model/figures.js';
import type { ImageOverview, StepOverview, Transfer, Wait } from '../../model/status/overview.js';
import type { Content, Markup } from './markup.js';
import { markup, reasonText, when } from './markup.js';
import { duration } from './times.js';
import { chip, STEP_HELP, STEP_WORDS } from './words.js';

/** One sign a step; the one under way has its name beside. */
export function stepDots({ steps, image }: ImageOverview): Markup {
  const dots = steps.map(({ step, state }) => {
    const { word, symbol, tone } = STEP_WORDS[state];
    return markup`<li class="${tone}" title="${step}: ${word}"><span aria-hidden="true">${symbol}</span><span class="sr">${step}: ${word}</span></li>`;
  });
  return markup`<ol class="strip steps" aria-label="Steps of ${image}">${dots}</ol>`;
}

export function stepTable(image: ImageOverview, nowMs: number): Markup {
  const longest = Math.max(1, ...image.steps.map((step) => secondsOf(step, nowMs)));
  const rows = image.steps.map((step) => {
    const { state, startedAt, endedAt, expectedSeconds } = step;
    const took = duration({ startedAt: startedAt ?? undefined, endedAt }, nowMs);
    const expected =
      expectedSeconds === null ? '' : `about ${formatElapsed(expectedSeconds * 1000)}`;
    return markup`<tr><th scope="row">${step.step}<span class="help">${STEP_HELP[step.step]}</span></th>
<td>${chip(STEP_WORDS[state])}</td><td class="number">${took}</td><td class="number muted wide-only">${expected}</td>
<td class="wide-only"><meter class="bar" min="0" max="100" value="${Math.round((100 * secondsOf(step, nowMs)) / longest)}" aria-hidden="true"></meter></td></tr>`;
  });
  return markup`<table class="steps-table"><caption class="sr">Steps of ${image.image}</caption>
<thead><tr><th scope="col">Step</th><th scope="col">State</th><th scope="col" class="number">Took</th><th scope="col" class="number wide-only">Expected</th><td class="wide-only"></td></tr></thead>
<tbody>${rows}</tbody></table>`;
}

function secondsOf({ startedAt, endedAt }: StepOverview, nowMs: number): number {
  if (startedAt === null) return 0;
  const endMs = endedAt === null ? nowMs : Date.parse(endedAt);
  return Math.max(0, endMs - Date.parse(startedAt)) / 1000;
}

/** What happens at this moment: bytes, and what AWS is waited for. */
export function nowLines({ transfer, waits, outcome }: ImageOverview, nowMs: number): Content {
  if (outcome !== 'running') return undefined;
  const lines = [
    ...(transfer === null ? [] : [transferLine(transfer)]),
    ...waits.slice(0, 6).map((wait) => waitLine(wait, nowMs)),
  ];
  if (lines.length === 0) return undefined;
  return markup`<ul class="now">${lines.map((line) => markup`<li>${line}</li>`)}</ul>`;
}

function transferLine({ phase, bytes, totalBytes }: Transfer): Markup {
  if (totalBytes === 0) return markup`${phase}: ${formatBytes(bytes)}`;
  const percent = Math.min(100, Math.floor((100 * bytes) / totalBytes));
  return markup`<label>${phase} <progress max="100" value="${percent}">${percent}%</progress></label> ${percent}%, ${formatBytes(bytes)} of ${formatBytes(totalBytes)}`;
}

function waitLine(wait: Wait, nowMs: number): Markup {
  const { what, region, since, expectedSeconds, limitSeconds, percent, attempt, detail } = wait;
  const bound = expectedSeconds ?? limitSeconds;
  return markup`waits for ${what}${when(region !== null, () => ` in ${region}`)}${when(since !== null, () => markup`, ${duration({ startedAt: since ?? '' }, nowMs)}`)}
${when(bound !== null, () => ` of ${expectedSeconds === null ? 'at most' : 'about'} ${formatElapsed((bound ?? 0) * 1000)}`)}
${when(percent !== null, () => `, AWS reports ${percent}%`)}
${when(attempt !== null && attempt.of > 1, () => `, try ${attempt?.number} of ${attempt?.of}`)}
${when(detail !== null, () => markup`<pre>${reasonText(detail)}</pre>`)}`;
}
