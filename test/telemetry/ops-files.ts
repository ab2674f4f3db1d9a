/** The metrics that the rules and the board in `ops` name. */

import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const OPS = fileURLToPath(new URL('../../ops/', import.meta.url));

export const RULES = `${OPS}prometheus/fedimg.rules.yml`;

const METRIC = /\b(?:fedimg|temporal)_[a-z_]+\b/g;

export async function ruleMetrics(): Promise<string[]> {
  const text = await readFile(RULES, 'utf8');
  const expressions = [...text.matchAll(/^ +expr: *(?:\|\n((?: {8,}.*\n)+)|(.*))/gm)];
  return named(expressions.map(([, block = '', line = '']) => block + line).join('\n'));
}

export interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly instant?: boolean }[];
}

export async function boards(): Promise<
  { readonly name: string; readonly panels: readonly Panel[] }[]
> {
  const names = (await readdir(`${OPS}grafana`)).filter((name) => name.endsWith('.json'));
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(`${OPS}grafana/${name}`, 'utf8');
      return { name, panels: (JSON.parse(text) as { panels: Panel[] }).panels };
    }),
  );
}

export async function boardMetrics(): Promise<string[]> {
  const panels = (await boards()).flatMap((board) => board.panels);
  return named(panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n'));
}

/** The queries of the boards as rules that promtool reads, with a value for each variable of Grafana. */
export async function boardRules(): Promise<string> {
  const rules = (await boards()).flatMap(({ panels }) =>
    panels.flatMap(({ targets = [] }) =>
      targets.map(({ expr }) => ({
        record: 'panel',
        expr: expr.replaceAll('$__rate_interval', '2m').replaceAll('$job', 'fedimg-worker'),
      })),
    ),
  );
  // JSON is YAML, too.
  return JSON.stringify({ groups: [{ name: 'board', rules }] });
}

function named(text: string): string[] {
  return [...new Set(text.match(METRIC) ?? [])];
}
