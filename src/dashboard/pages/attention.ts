/** The list of what needs a person: reason, next act and the exact run, before anything else. */

import type { AttentionItem } from '../board/attention.js';
import { nextActs } from './acts.js';
import type { PageContext } from './layout.js';
import type { Content, Markup } from './markup.js';
import { markup, reasonText, when } from './markup.js';
import { publicationPath } from './paths.js';

/** The page stays short when EC2 has a bad day; each compose has all of its own. */
const SHOWN_MAX = 20;

export function attentionSection(items: readonly AttentionItem[], context: PageContext): Content {
  if (items.length === 0) return undefined;
  const more = items.length - SHOWN_MAX;
  return markup`<section aria-labelledby="attention-title" class="attention">
<h2 id="attention-title">Needs attention <span class="count">${items.length}</span></h2>
<ul class="cards">${items.slice(0, SHOWN_MAX).map((item) => card(item, context))}</ul>
${when(more > 0, () => markup`<p class="muted">And ${more} more: see the composes.</p>`)}
</section>`;
}

function card(item: AttentionItem, context: PageContext): Markup {
  const { severity, subject, regions, what, reason, advice, next } = item;
  const name = subject.kind === 'compose' ? subject.compose : subject.image;
  const symbol = severity === 'bad' ? '!' : '?';
  return markup`<li class="card ${severity}">
<p class="lead"><span class="chip ${severity}"><span aria-hidden="true">${symbol}</span> ${severity === 'bad' ? 'act' : 'look'}</span>
<a href="${publicationPath(subject)}"><bdi>${name}</bdi></a>
${when(subject.kind === 'image' && subject.arch !== null, () => markup`<span class="muted">${subject.kind === 'image' ? subject.arch : ''}</span>`)}
<strong>${regions.join(', ')}</strong> ${what}</p>
${when(reason !== null, () => markup`<p class="reason">${reasonText(reason)}</p>`)}
${when(advice !== null, () => markup`<p><span class="muted">Next:</span> ${reasonText(advice)}</p>`)}
${nextActs(next, subject, context)}
${when(subject.link !== null, () => markup`<p><a href="${safeUrl(subject.link)}" rel="noreferrer">Timeline in the Temporal UI</a></p>`)}
</li>`;
}

/** Only web addresses become links. */
export function safeUrl(url: string | null): string {
  return url !== null && /^https?:\/\//.test(url) ? url : '#';
}
