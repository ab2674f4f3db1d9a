/** Filters as a plain form: the choice is in the address, so that it can be kept and sent. */

import type { Content, Markup } from './markup.js';
import { markup, when } from './markup.js';

export interface Choice {
  readonly name: string;
  readonly label: string;
  readonly values: readonly string[];
  readonly chosen: string | undefined;
}

export function filterForm(action: string, choices: readonly Choice[]): Content {
  const useful = choices.filter(({ values, chosen }) => values.length > 1 || chosen !== undefined);
  if (useful.length === 0) return undefined;
  const isFiltered = useful.some(({ chosen }) => chosen !== undefined);
  return markup`<form class="filter" method="get" action="${action}" aria-label="Filter">
${useful.map(select)}<button>Show</button>${when(isFiltered, () => markup` <a href="${action}">Show all</a>`)}</form>`;
}

function select({ name, label, values, chosen }: Choice): Markup {
  const all = chosen === undefined || values.includes(chosen) ? values : [chosen, ...values];
  return markup`<label>${label} <select name="${name}"><option value="">all</option>${all.map(
    (value) =>
      markup`<option value="${value}"${when(value === chosen, () => markup` selected`)}>${value}</option>`,
  )}</select></label>`;
}
