/** The live page of the catalogue: the newest images first, older ones by filter. */

import { imageKeyOf, regionsOf } from '../../model/catalogue/catalogue.js';
import { variantKey } from '../../model/ids/variant.js';
import type { AmiRecord } from '../../model/progress/progress.js';
import type { CatalogueView } from '../board/catalogue.js';
import { byImage, catalogueSections, newestImages } from './catalogue.js';
import { filterForm } from './filter.js';
import type { Page } from './layout.js';
import type { Content } from './markup.js';
import { markup, reasonText, when } from './markup.js';
import { withQuery } from './paths.js';

export interface AmiChoice {
  readonly release?: string | undefined;
  readonly arch?: string | undefined;
  readonly region?: string | undefined;
  readonly variant?: string | undefined;
  readonly compose?: string | undefined;
  /** Counted from 1. */
  readonly page: number;
}

/** A page of all variants of an image in all regions has about 60 KiB. */
const IMAGES_A_PAGE = 3;

/** Without a choice of compose, only the newest image of each release and architecture. */
export function chosenRecords(records: readonly AmiRecord[], choice: AmiChoice): AmiRecord[] {
  const { release, arch, region, variant, compose } = choice;
  const wanted = records.filter(
    (record) =>
      (release === undefined || record.release === release) &&
      (arch === undefined || record.arch === arch) &&
      (region === undefined || record.region === region) &&
      (variant === undefined || variantKey(record) === variant) &&
      (compose === undefined || record.compose === compose),
  );
  return compose === undefined ? newestImages(wanted) : wanted;
}

export function amisPage(
  { records, notes, readAt, trouble }: CatalogueView,
  choice: AmiChoice,
): Page {
  const chosen = byImage(chosenRecords(records, choice));
  const pages = Math.max(1, Math.ceil(chosen.length / IMAGES_A_PAGE));
  const page = Math.min(Math.max(1, choice.page), pages);
  const shown = chosen.slice((page - 1) * IMAGES_A_PAGE, page * IMAGES_A_PAGE);
  const query = { ...choice, page: undefined };
  const content = markup`<h1>AMIs</h1>
<p class="facts">${countText(records)} The same list: <a href="${withQuery('/amis.json', query)}">JSON</a>, <a href="/feed.atom">Atom feed</a>, <code>fedimg amis</code>.</p>
${when(trouble !== null, () => markup`<p class="reason">The list cannot be read: ${trouble}. ${when(readAt !== null, () => `This is the list of ${readAt}.`)}</p>`)}
${notes.map((note) => markup`<p class="reason">${reasonText(note)}</p>`)}
${filterForm('/amis', choicesOf(records, choice))}
${when(chosen.length === 0 && trouble === null, () => markup`<p class="empty">No AMI matches. <a href="/amis">Show all</a>, or see what is <a href="/">running</a>.</p>`)}
${catalogueSections(shown)}
${pager(query, page, pages)}`;
  return { title: 'AMIs', place: 'amis', isLive: false, content };
}

function countText(records: readonly AmiRecord[]): string {
  const open = records.filter((record) => record.public && record.ami !== null).length;
  return `${open} public AMIs of ${new Set(records.map(imageKeyOf)).size} images.`;
}

function choicesOf(records: readonly AmiRecord[], choice: AmiChoice) {
  const values = (of: (record: AmiRecord) => string) => [...new Set(records.map(of))];
  return [
    {
      name: 'release',
      label: 'Release',
      values: values(({ release }) => release),
      chosen: choice.release,
    },
    {
      name: 'arch',
      label: 'Architecture',
      values: values(({ arch }) => arch),
      chosen: choice.arch,
    },
    { name: 'region', label: 'Region', values: regionsOf(records), chosen: choice.region },
    {
      name: 'variant',
      label: 'Variant',
      values: values(variantKey).sort(),
      chosen: choice.variant,
    },
    {
      name: 'compose',
      label: 'Compose',
      values: values(({ compose }) => compose),
      chosen: choice.compose,
    },
  ];
}

function pager(
  query: Readonly<Record<string, string | undefined>>,
  page: number,
  pages: number,
): Content {
  if (pages === 1) return undefined;
  const to = (number: number) => withQuery('/amis', { ...query, page: String(number) });
  return markup`<nav class="pager" aria-label="More images">${when(page > 1, () => markup`<a rel="prev" href="${to(page - 1)}">Newer</a>`)} <span>Page ${page} of ${pages}</span> ${when(page < pages, () => markup`<a rel="next" href="${to(page + 1)}">Older</a>`)}</nav>`;
}
