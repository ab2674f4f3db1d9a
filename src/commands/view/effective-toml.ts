/** The configuration in effect as TOML, each value with its source behind it. */

import { tomlString } from '../../config/legacy/toml-text.js';
import type { EffectiveValue } from '../../config/effective.js';
import type { Paint } from './terminal.js';

/** Comments stand in one column, except behind long values. */
const COMMENT_COLUMN = 44;

export function effectiveToml(
  file: string,
  values: readonly EffectiveValue[],
  paint: Paint,
): string {
  const lines = [paint('dim', `# ${file}, with the defaults of this version of fedimg`)];
  let table = '';
  for (const one of values) {
    const header = headerOf(one);
    if (header !== table) {
      lines.push('', paint('bold', header));
      table = header;
    }
    lines.push(lineOf(one, paint));
  }
  return lines.join('\n');
}

/** `[publish]`, `[[amis]]`; a new item of a list has the number of its own header in the comment. */
function headerOf({ path }: EffectiveValue): string {
  const tables = path.slice(0, -1);
  if (tables.length === 0) return '';
  const [list, index] = tables;
  if (typeof index === 'number') return `[[${String(list)}]] # item ${index + 1}`;
  return `[${tables.map((part) => bareKey(String(part))).join('.')}]`;
}

function lineOf({ path, value, from, line, by }: EffectiveValue, paint: Paint): string {
  const key = bareKey(String(path.at(-1)));
  if (from === 'unset') return paint('dim', `# ${key} is not set`);
  const source = {
    set: `line ${line ?? 1}`,
    default: 'default',
    derived: `by ${by ?? ''}`,
    environment: `by $${by ?? ''}`,
  }[from];
  const pair = `${key} = ${tomlValue(value)}`;
  return `${pair.padEnd(COMMENT_COLUMN)} ${paint('dim', `# ${source}`)}`;
}

function bareKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : tomlString(key);
}

function tomlValue(value: unknown): string {
  if (typeof value === 'string') return tomlString(value);
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`;
  return JSON.stringify(value);
}
