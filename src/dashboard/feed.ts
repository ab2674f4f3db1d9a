/** An Atom feed (RFC 4287) of the published images, the newest first. */

import { createHash } from 'node:crypto';
import { imageKeyOf, regionsOf } from '../model/catalogue/catalogue.js';
import { parseComposeId } from '../model/compose/compose.js';
import { printable } from '../model/printable.js';
import type { AmiRecord } from '../model/progress/progress.js';
import { byImage } from './pages/catalogue.js';

export interface FeedOptions {
  /** The address of the feed itself, and of the page with the AMIs of an image. */
  readonly self: string;
  readonly pageOf: (record: AmiRecord) => string;
  /** When the image was published, where that is known. */
  readonly publishedAt: (record: AmiRecord) => string | undefined;
}

const ENTRIES_MAX = 50;

export function atomFeed(records: readonly AmiRecord[], options: FeedOptions): string {
  const images = byImage(records.filter((record) => record.public && record.ami !== null));
  const entries = images
    .flatMap(([first, ...rest]) => (first === undefined ? [] : { first, all: [first, ...rest] }))
    .map((image) => ({
      ...image,
      at: options.publishedAt(image.first) ?? composeTime(image.first),
    }))
    .toSorted((a, b) => b.at.localeCompare(a.at))
    .slice(0, ENTRIES_MAX);
  const updated = entries[0]?.at ?? UNKNOWN_TIME;
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>Published AMIs</title>
<id>${idOf('feed')}</id>
<link rel="self" type="application/atom+xml" href="${xml(options.self)}"/>
<updated>${updated}</updated>
<author><name>fedimg</name></author>
${entries.map((one) => entryOf(one, options)).join('\n')}
</feed>
`;
}

function entryOf(
  {
    first,
    all,
    at,
  }: { readonly first: AmiRecord; readonly all: readonly AmiRecord[]; readonly at: string },
  { pageOf }: FeedOptions,
): string {
  const { image, release, arch, compose, label } = first;
  const regions = regionsOf(all);
  const summary = `${all.length} public AMIs in ${regions.length} regions: ${regions.join(', ')}. Compose ${compose}${label === undefined ? '' : `, ${label}`}.`;
  return `<entry>
<title>${xml(`${image} (release ${release}, ${arch})`)}</title>
<id>${idOf(imageKeyOf(first))}</id>
<link rel="alternate" href="${xml(pageOf(first))}"/>
<updated>${at}</updated>
<summary>${xml(summary)}</summary>
</entry>`;
}

/** The same for the same image, wherever the feed is served. */
function idOf(name: string): string {
  const hex = createHash('sha256').update(`fedimg ${name}`).digest('hex');
  // RFC 9562, "UUID Version 8": the digits of version and variant are fixed.
  const digits = `${hex.slice(0, 12)}8${hex.slice(13, 16)}a${hex.slice(17, 32)}`;
  return `urn:uuid:${digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}`;
}

const UNKNOWN_TIME = '1970-01-01T00:00:00Z';

/** The date of the compose: no image is older. */
function composeTime({ compose }: AmiRecord): string {
  const date = /^(\d{4})(\d{2})(\d{2})$/.exec(parseComposeId(compose)?.date ?? '');
  return date === null ? UNKNOWN_TIME : `${date[1]}-${date[2]}-${date[3]}T00:00:00Z`;
}

function xml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return printable(text).replace(/[&<>"]/g, (sign) => entities[sign] ?? sign);
}
