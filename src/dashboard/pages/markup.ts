/** The template tag of all pages: values become text of the page, never tags of it. */

import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { printable } from '../../model/printable.js';

export type Markup = HtmlEscapedString;
export type Content = string | number | Markup | false | null | undefined | readonly Content[];

/**
 * hono's `html`, which escapes each value. Before that, control and bidirectional characters become visible: they
 * would change what the reader believes to read.
 */
export function markup(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return html(strings, ...values.map(asText)) as Markup;
}

export const NOTHING: Markup = markup``;

/** `content` when the condition holds. */
export function when(condition: boolean, content: () => Content): Content {
  return condition ? content() : undefined;
}

/** Of one value of a template. */
const TEXT_MAX = 20_000;
/** Of a reason or an advice, so that a page with thirty of them stays readable. */
const REASON_MAX = 2_000;

/** A long text with its middle left out: an error may quote a whole document. */
export function shortened(text: string, max = TEXT_MAX): string {
  if (text.length <= max) return text;
  const half = Math.floor(max / 2);
  return `${text.slice(0, half)} … (${text.length - max} characters left out) … ${text.slice(-half)}`;
}

export function reasonText(text: string | null | undefined): string {
  return shortened(text ?? '', REASON_MAX);
}

function asText(value: Content): unknown {
  if (typeof value === 'string') return printable(shortened(value));
  if (Array.isArray(value)) return (value as readonly Content[]).map(asText);
  return value;
}
