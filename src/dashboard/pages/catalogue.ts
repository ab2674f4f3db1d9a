/** The AMI catalogue: for people who only look for an AMI. The live pages and the static files share it. */

import { imageKeyOf, regionsOf } from '../../model/catalogue/catalogue.js';
import { launchUrl } from '../../model/catalogue/launch-url.js';
import type { SnippetFormat } from '../../model/catalogue/snippets.js';
import {
  SNIPPET_FORMATS,
  snippetLines,
  UnknownOwnerError,
} from '../../model/catalogue/snippets.js';
import { variantKey } from '../../model/ids/variant.js';
import type { AmiRecord } from '../../model/progress/progress.js';
import { copyable } from './acts.js';
import type { Content, Markup } from './markup.js';
import { markup } from './markup.js';

/** The images of these records, each with its AMIs, in the order of the records. */
export function byImage(records: readonly AmiRecord[]): AmiRecord[][] {
  const images = new Map<string, AmiRecord[]>();
  for (const record of records) {
    const key = imageKeyOf(record);
    const known = images.get(key);
    if (known === undefined) images.set(key, [record]);
    else known.push(record);
  }
  return [...images.values()];
}

/** The newest image of each release, subvariant and architecture; `records` is sorted newest first. */
export function newestImages(records: readonly AmiRecord[]): AmiRecord[] {
  const newest = new Map<string, string>();
  for (const record of records) {
    const key = JSON.stringify([record.release, record.subvariant, record.arch]);
    if (!newest.has(key)) newest.set(key, imageKeyOf(record));
  }
  const keys = new Set(newest.values());
  return records.filter((record) => keys.has(imageKeyOf(record)));
}

export function catalogueSections(images: readonly (readonly AmiRecord[])[]): Content {
  return images.map((records, index) => imageSection(records, index));
}

const SNIPPET_NAMES: Readonly<Record<SnippetFormat, string>> = {
  terraform: 'Terraform',
  'aws-cli': 'AWS CLI',
  ansible: 'Ansible',
};

function imageSection(records: readonly AmiRecord[], index: number): Content {
  const [first] = records;
  if (first === undefined) return undefined;
  const { image, arch, release, compose, label } = first;
  const open = records.filter((record) => record.public && record.ami !== null);
  const id = `image-${index}`;
  return markup`<section class="ami-image" aria-labelledby="${id}">
<h2 id="${id}"><bdi>${image}</bdi></h2>
<p class="facts">release ${release} · ${arch} · ${label ?? compose} · ${open.length} public AMIs in ${regionsOf(open).length} regions</p>
${snippets(records)}
${regionTable(records)}
</section>`;
}

/** Code that looks the AMI up by owner and name, so that it need not change with the next image. */
function snippets(records: readonly AmiRecord[]): Content {
  const all = SNIPPET_FORMATS.map((format) => {
    const text = snippetOf(records, format);
    if (text === undefined) return undefined;
    return markup`<details class="snippet"><summary>${SNIPPET_NAMES[format]}</summary><div class="code"><pre tabindex="0">${text}</pre><button type="button" class="copy" data-copy="${text}" hidden aria-label="Copy the ${SNIPPET_NAMES[format]} snippet"></button></div></details>`;
  });
  return markup`<div class="snippets">${all}</div>`;
}

function snippetOf(records: readonly AmiRecord[], format: SnippetFormat): string | undefined {
  try {
    const lines = snippetLines(records, format);
    return lines.length === 0 ? undefined : lines.join('\n');
  } catch (error) {
    if (error instanceof UnknownOwnerError) return undefined;
    throw error;
  }
}

function regionTable(records: readonly AmiRecord[]): Markup {
  const variants = [...new Set(records.map(variantKey))];
  const [first] = records;
  const rows = regionsOf(records).map((region) => {
    const cells = variants.map((variant) => {
      const found = records.find((one) => one.region === region && variantKey(one) === variant);
      return markup`<td data-label="${variant}">${found === undefined ? '' : amiCell(found)}</td>`;
    });
    return markup`<tr><th scope="row">${region}</th>${cells}</tr>`;
  });
  const title = `AMIs of ${first?.image ?? ''} (${first?.arch ?? ''})`;
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="matrix"><caption class="sr">${title} by region and variant</caption>
<thead><tr><th scope="col">Region</th>${variants.map((variant) => markup`<th scope="col">${variant}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function amiCell(record: AmiRecord): Markup {
  const { ami, region, reason, name } = record;
  if (ami === null) return markup`<span class="muted small">${reason ?? 'not published'}</span>`;
  if (!record.public) return markup`<code>${ami}</code> <span class="muted small">private</span>`;
  return markup`${copyable(ami, `${ami}, ${name}`)} <a class="small" href="${launchUrl(region, ami)}" rel="noreferrer">launch<span class="sr"> ${ami} in ${region}</span></a>`;
}
