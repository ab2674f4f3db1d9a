/** One image: its steps, its regions with the AMIs, its tests, its messages, and what it has been through. */

import type { Publication } from '../../client/publications.js';
import { formatElapsed } from '../../model/figures.js';
import type { TestRecord } from '../../model/progress/test-record.js';
import type { ImageOverview } from '../../model/status/overview.js';
import { ofOverview } from '../board/attention.js';
import { runActs } from './acts.js';
import { attentionSection, safeUrl } from './attention.js';
import type { Page, PageContext } from './layout.js';
import type { Content, Markup } from './markup.js';
import { markup, reasonText, shortened, when } from './markup.js';
import { composePath, imagePath, withQuery } from './paths.js';
import { regionCount, regionMatrix } from './regions.js';
import { nowLines, stepTable } from './steps.js';
import { duration, timeOf } from './times.js';
import { chip, overviewWord } from './words.js';

export interface ImageHistoryView {
  /** Of this image, newest first. */
  readonly runs: readonly Publication[];
  /** The newest run of the same image in each other compose, newest first. */
  readonly others: readonly Publication[];
}

export function imagePage(
  image: ImageOverview,
  history: ImageHistoryView,
  context: PageContext,
): Page {
  const { nowMs } = context;
  const compose = image.compose;
  const content = markup`<p class="crumbs"><a href="/">Composes</a>${when(compose !== null && !image.isByHand, () => markup` › <a href="${composePath(compose ?? '')}"><bdi>${compose}</bdi></a>`)}</p>
<h1><bdi>${image.image}</bdi> ${chip(overviewWord(image))}</h1>
${facts(image, nowMs)}
${attentionSection(ofOverview(image), context)}
<section aria-labelledby="steps"><h2 id="steps">Steps</h2>${nowLines(image, nowMs)}${patience(image)}${stepTable(image, nowMs)}</section>
<section aria-labelledby="regions"><h2 id="regions">Regions and AMIs <span class="count">${regionCount(image)}</span></h2>${regionMatrix(image, nowMs)}
<p><a href="${withQuery('/amis', { compose: compose ?? undefined, arch: image.arch ?? undefined })}">Snippets and launch links in the catalogue</a></p></section>
${tests(image.tests)}
${messages(image)}
${acts(image)}
${runs(image, history)}
${runActs(image, context)}`;
  return {
    ...{ title: image.image, place: 'composes', of: image.workflowId, content },
    isLive: image.outcome === 'running',
  };
}

function facts(
  { arch, release, startedAt, closedAt, link, expectedSeconds, isByHand, note }: ImageOverview,
  nowMs: number,
): Markup {
  const expected =
    expectedSeconds === null || closedAt !== null
      ? ''
      : ` of about ${formatElapsed(expectedSeconds * 1000)}`;
  return markup`<p class="facts">${arch}${when(release !== null, () => markup` · release ${release}`)}${when(isByHand, () => ' · published by hand')} · ${timeOf(startedAt)} · ${duration({ startedAt, endedAt: closedAt }, nowMs)}${expected}${when(link !== null, () => markup` · <a href="${safeUrl(link)}" rel="noreferrer">Timeline in the Temporal UI</a>`)}</p>
${when(note !== null, () => markup`<p class="reason">${reasonText(note)}</p>`)}`;
}

function patience({ patience: wait }: ImageOverview): Content {
  if (wait === null) return undefined;
  return markup`<p class="reason">${wait.waiting} complete ${wait.waiting === 1 ? 'region waits' : 'regions wait'} for ${wait.late.join(', ')} until ${timeOf(wait.until)}.</p>`;
}

/** As much of an output as a page can hold; the JSON has all of it. */
const OUTPUT_MAX = 12_000;

function tests(records: readonly TestRecord[]): Content {
  if (records.length === 0) return undefined;
  const items = records.map(({ variant, ami, instanceId, exitStatus, seconds, output }) => {
    const isPassed = exitStatus === 0;
    const word = isPassed
      ? ({ word: 'passed', symbol: '✓', tone: 'good' } as const)
      : ({ word: `exit status ${exitStatus}`, symbol: '✕', tone: 'bad' } as const);
    return markup`<li><p>${chip(word)} <strong>${variant}</strong> <code>${ami}</code> on <code>${instanceId}</code>, ${formatElapsed(seconds * 1000)}</p>
<details id="output-${ami}"${when(!isPassed, () => markup` open`)}><summary>Output of the test script</summary><pre tabindex="0">${shortened(output, OUTPUT_MAX)}</pre></details></li>`;
  });
  return markup`<section aria-labelledby="tests"><h2 id="tests">Tests</h2><ul class="plain">${items}</ul></section>`;
}

function messages({ unsent }: ImageOverview): Content {
  if (unsent.length === 0) return undefined;
  return markup`<section aria-labelledby="messages"><h2 id="messages">Messages that were not accepted <span class="count">${unsent.length}</span></h2><ul>${unsent.map((reason) => markup`<li>${reasonText(reason)}</li>`)}</ul></section>`;
}

function acts({ acts: done }: ImageOverview): Content {
  if (done.length === 0) return undefined;
  const rows = done.map(
    ({ action, regions = [], by, reason, at }) =>
      markup`<tr><td>${timeOf(at)}</td><td>${action} ${regions.join(', ')}</td><td><bdi>${by}</bdi></td><td>${reason}</td></tr>`,
  );
  return markup`<section aria-labelledby="acts"><h2 id="acts">What operators did</h2><div class="scroll" tabindex="0" role="region" aria-label="What operators did"><table>
<thead><tr><th scope="col">When</th><th scope="col">Act</th><th scope="col">Who</th><th scope="col">Why</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function runs(image: ImageOverview, { runs: own, others }: ImageHistoryView): Content {
  if (own.length + others.length === 0) return undefined;
  return markup`<section aria-labelledby="history"><h2 id="history">History</h2>
${when(own.length > 0, () => markup`<h3>Runs of this image</h3><ul class="plain">${own.map((run) => runItem(run, image))}</ul>`)}
${when(others.length > 0, () => markup`<h3>The same image in other composes</h3><ul class="plain">${others.map(otherItem)}</ul>`)}</section>`;
}

function runItem(run: Publication, image: ImageOverview): Markup {
  const isShown = run.runId === image.runId;
  const label = markup`${timeOf(run.startedAt)} ${run.phase ?? run.execution.toLowerCase()}`;
  return markup`<li>${isShown ? markup`<span aria-current="true">${label} (this run)</span>` : markup`<a href="${withQuery(imagePath(run.workflowId), { run: run.runId })}">${label}</a>`}</li>`;
}

function otherItem(run: Publication): Markup {
  return markup`<li>${timeOf(run.startedAt)} <a href="${imagePath(run.workflowId)}"><bdi>${run.image ?? run.workflowId}</bdi></a> <span class="muted">${run.phase ?? run.execution.toLowerCase()}</span></li>`;
}
