/** The frame of every live page: head, navigation, health, and the script that keeps it up to date. */

import { formatElapsed } from '../../model/figures.js';
import { attentionOf } from '../board/attention.js';
import type { BoardView } from '../board/board.js';
import type { Actor } from '../actor.js';
import type { Content, Markup } from './markup.js';
import { markup, when } from './markup.js';
import { withQuery } from './paths.js';
import { timeOf } from './times.js';

/** What a page knows beside its subject. */
export interface PageContext {
  readonly nowMs: number;
  readonly board: BoardView;
  /** Who may act; null: the visitor reads only. */
  readonly actor: Actor | null;
  /** Whether a visitor can sign in. */
  readonly canSignIn: boolean;
  /** Where the visitor is: the page to come back to. */
  readonly path: string;
  /** What became of the visitor's last act. */
  readonly notice: Notice | undefined;
}

export interface Notice {
  readonly tone: 'good' | 'bad';
  readonly text: string;
}

export interface Page {
  readonly title: string;
  /** Which entry of the navigation it belongs to. */
  readonly place: 'composes' | 'amis' | 'none';
  /** Whether it changes while it is looked at. */
  readonly isLive: boolean;
  /** The workflow id of the publication that it shows; its other changes do not matter. */
  readonly of?: string;
  readonly content: Markup;
}

/** Without scripts the browser loads a live page again after this time. */
const RELOAD_SECONDS = 20;

export function layout({ title, place, isLive, of, content }: Page, context: PageContext): Markup {
  const { notice } = context;
  const reload = markup`<noscript><meta http-equiv="refresh" content="${RELOAD_SECONDS}"></noscript>`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · fedimg</title>
<link rel="stylesheet" href="/static/style.css">
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="alternate" type="application/atom+xml" title="Published images" href="/feed.atom">
<script src="/static/page.js" defer></script>
${when(isLive, () => reload)}
</head>
<body data-version="${context.board.version}"${when(isLive, () => markup` data-events="${withQuery('/events', { of })}"`)}>
<a class="skip" href="#main">Skip to the content</a>
<header class="top"><div class="wide">
<a class="brand" href="/">fedimg</a>
<nav aria-label="Pages"><ul>
<li>${entry('/', 'Composes', place === 'composes')}</li>
<li>${entry('/amis', 'AMIs', place === 'amis')}</li>
<li><a href="/feed.atom">Feed</a></li>
</ul></nav>
${who(context)}
</div></header>
${health(context.board, context.nowMs, isLive)}
<main id="main" class="wide" tabindex="-1">
${when(notice !== undefined, () => markup`<p class="notice ${notice?.tone ?? 'good'}" role="status">${notice?.text}</p>`)}
${content}
</main>
<footer class="wide"><p>The same data as JSON: add <code>.json</code> to the address. Times are in UTC.</p></footer>
</body>
</html>`;
}

function entry(href: string, text: string, isHere: boolean): Markup {
  return markup`<a href="${href}"${when(isHere, () => markup` aria-current="page"`)}>${text}</a>`;
}

function who({ actor, canSignIn, path }: PageContext): Content {
  if (actor === null) {
    return when(
      canSignIn,
      () =>
        markup`<p class="who"><a href="/sign-in?to=${encodeURIComponent(path)}">Sign in to act</a></p>`,
    );
  }
  const out = markup`<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="${actor.csrf}"><button class="quiet">Sign out</button></form>`;
  return markup`<div class="who"><span>You act as <bdi>${actor.by}</bdi></span>${when(actor.canSignOut, () => out)}</div>`;
}

/** One line: is Temporal there, does work go on, when came the last compose. */
function health({ overviews, readAt, trouble }: BoardView, nowMs: number, isLive: boolean): Markup {
  const open = overviews.filter(({ outcome }) => outcome === 'running').length;
  const urgent = attentionOf(overviews, nowMs).length;
  const last = overviews.find(({ kind }) => kind === 'compose');
  const age = last === undefined ? undefined : nowMs - Date.parse(last.startedAt);
  const isQuiet = overviews.some(({ attention }) => attention === 'no-worker');
  return markup`<div class="health"><div class="wide" id="health">
${
  trouble === null
    ? sign('good', '✓', 'Temporal answers')
    : sign(
        'bad',
        '✕',
        markup`Temporal does not answer: ${trouble}. ${when(readAt !== null, () => markup`This page shows the state of ${timeOf(readAt ?? '')}.`)}`,
      )
}
${when(isQuiet, () => sign('bad', '✕', 'no worker answers'))}
${sign(open > 0 ? 'busy' : 'idle', open > 0 ? '▸' : '·', `${open} running`)}
${sign(urgent > 0 ? 'bad' : 'good', urgent > 0 ? '!' : '✓', urgent === 0 ? 'all is well' : `${urgent} ${urgent === 1 ? 'needs' : 'need'} attention`)}
${when(age !== undefined, () => sign('idle', '◷', markup`last compose ${formatElapsed(age ?? 0)} ago`))}
${when(isLive, () => markup`<span id="live" class="sign idle" data-keep hidden></span>`)}
</div><p class="sr" role="status" id="announcement">${open} running, ${urgent} ${urgent === 1 ? 'needs' : 'need'} attention.</p></div>`;
}

function sign(tone: string, symbol: string, text: Content): Markup {
  return markup`<span class="sign ${tone}"><span aria-hidden="true">${symbol}</span> ${text}</span>`;
}

/** An error page, or any page with one message. */
export function messagePage(title: string, what: string, next?: string): Page {
  const content = markup`<h1>${title}</h1><p>${what}</p>${when(next !== undefined, () => markup`<p>${next}</p>`)}<p><a href="/">All composes</a></p>`;
  return { title, place: 'none', isLive: false, content };
}
