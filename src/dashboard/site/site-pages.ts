/** The static catalogue: its pages, with plain relative links, and no script but the one of this repository. */

import { createHash } from 'node:crypto';
import { amiRow } from '../../client/amis.js';
import { byPresence, imageKeyOf, inOrder, regionsOf } from '../../model/catalogue/catalogue.js';
import type { AmiRecord } from '../../model/progress/progress.js';
import { atomFeed } from '../feed.js';
import { byImage, catalogueSections, newestImages } from '../pages/catalogue.js';
import type { Content, Markup } from '../pages/markup.js';
import { markup } from '../pages/markup.js';
import { STATIC_NAMES, staticFile } from '../static-files.js';

export interface SiteOptions {
  readonly records: readonly AmiRecord[];
  /** Where the site will be served, for the links of the feed; they are relative without it. */
  readonly baseUrl?: string | undefined;
  /** When the image was published, where that is known. */
  readonly publishedAt?: (record: AmiRecord) => string | undefined;
}

type Names = ReadonlyMap<string, string>;

/** The text of each file, by its path below the folder. */
export function siteFiles({ records, baseUrl, publishedAt }: SiteOptions): Map<string, string> {
  const shown = inOrder(byPresence(records.filter(isForEveryone)).present);
  const images = byImage(shown);
  const names = fileNames(images);
  const base = baseUrl === undefined ? '' : `${baseUrl.replace(/\/+$/, '')}/`;
  const pageOf = (record: AmiRecord) => `${base}images/${names.get(imageKeyOf(record)) ?? ''}.html`;
  const times = publishedAt ?? (() => undefined);
  const rows = shown.map((record) => amiRow(record, () => null));
  return new Map([
    ...STATIC_NAMES.map((name): [string, string] => [name, staticFile(name).text]),
    ...images.flatMap((image) => imageFile(image, names)),
    ...regionFiles(shown),
    ['feed.atom', atomFeed(shown, { self: `${base}feed.atom`, pageOf, publishedAt: times })],
    ['amis.json', `${JSON.stringify(rows, null, 2)}\n`],
    // The entry comes last: it links to all others.
    ['index.html', page('AMIs', '', indexContent(shown, names))],
  ]);
}

/** A private AMI is of no use to visitors of a public site. */
function isForEveryone(record: AmiRecord): boolean {
  return record.ami === null || record.public;
}

function imageFile(image: readonly AmiRecord[], names: Names): [string, string][] {
  const [first] = image;
  if (first === undefined) return [];
  const content = markup`<h1>${first.image}</h1>${catalogueSections([image])}`;
  const text = page(`${first.image} (${first.arch})`, '../', content);
  return [[`images/${names.get(imageKeyOf(first)) ?? ''}.html`, text]];
}

function regionFiles(records: readonly AmiRecord[]): [string, string][] {
  const newest = newestImages(records);
  return regionsOf(records).map((region) => {
    const own = byImage(newest.filter((record) => record.region === region));
    const content = markup`<h1>AMIs in ${region}</h1>${catalogueSections(own)}`;
    return [`regions/${region}.html`, page(`AMIs in ${region}`, '../', content)];
  });
}

/** The newest release in full, and links to everything else. */
function indexContent(records: readonly AmiRecord[], names: Names): Markup {
  if (records.length === 0) {
    return markup`<h1>AMIs</h1><p class="empty">No AMI is published yet.</p>`;
  }
  const releases = [...new Set(records.map(({ release }) => release))];
  const newest = newestImages(records).filter(({ release }) => release === releases[0]);
  const lists = releases.map((release) => {
    const images = byImage(records.filter((record) => record.release === release));
    return markup`<h3>Release ${release}</h3><ul class="plain">${images.map((image) => imageLink(image, names))}</ul>`;
  });
  const regions = regionsOf(records).map(
    (region) => markup`<li><a href="regions/${region}.html">${region}</a></li>`,
  );
  return markup`<h1>AMIs</h1>
<p class="facts">The newest images of release ${releases[0]}. <a href="#images">All images</a> and <a href="#regions">regions</a> are below.</p>
${catalogueSections(byImage(newest))}
<section aria-labelledby="images"><h2 id="images">All images</h2>${lists}</section>
<section aria-labelledby="regions"><h2 id="regions">Regions</h2><ul class="columns">${regions}</ul></section>`;
}

function imageLink(image: readonly AmiRecord[], names: Names): Content {
  const [first] = image;
  if (first === undefined) return undefined;
  const { arch, label, compose } = first;
  return markup`<li><a href="images/${names.get(imageKeyOf(first))}.html"><bdi>${first.image}</bdi></a> <span class="muted">${arch}, ${label ?? compose}</span></li>`;
}

/** A file name for each image: its own name where that is one, and is used once. */
function fileNames(images: readonly (readonly AmiRecord[])[]): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const [first] of images) {
    if (first === undefined) continue;
    const key = imageKeyOf(first);
    const safe = first.image
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 100);
    const isPlain = safe === first.image && !taken.has(safe.toLowerCase());
    const digest = createHash('sha256').update(key).digest('hex').slice(0, 10);
    const name = isPlain ? safe : `${safe}-${digest}`.replace(/^-/, '');
    taken.add(name.toLowerCase());
    names.set(key, name);
  }
  return names;
}

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

function page(title: string, root: '' | '../', content: Markup): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${title}</title>
<link rel="stylesheet" href="${root}style.css">
<link rel="icon" href="${root}icon.svg" type="image/svg+xml">
<link rel="alternate" type="application/atom+xml" title="Published images" href="${root}feed.atom">
<script src="${root}page.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top"><div class="wide"><a class="brand" href="${root}index.html">AMIs</a>
<nav aria-label="Pages"><ul><li><a href="${root}index.html#images">Images</a></li><li><a href="${root}index.html#regions">Regions</a></li><li><a href="${root}amis.json">JSON</a></li><li><a href="${root}feed.atom">Feed</a></li></ul></nav></div></header>
<main id="main" class="wide" tabindex="-1">
${content}
</main>
<footer class="wide"><p>Made by fedimg.</p></footer>
</body>
</html>
`.toString();
}
