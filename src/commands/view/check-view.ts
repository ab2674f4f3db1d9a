/** The checks of `fedimg doctor` as lines for a terminal. */

import type { Check, CheckState } from '../../model/check.js';
import { formatColumns, printableData } from './format.js';
import type { Paint, Style } from './terminal.js';

const STYLE: Readonly<Record<CheckState, Style>> = {
  ok: 'green',
  warning: 'yellow',
  failure: 'red',
};

/** One line for each check; below a warning or a failure, what mends it. */
export function checkLines(read: readonly Check[], paint: Paint): string[] {
  const checks = printableData(read);
  const rows = formatColumns(
    checks.map(({ state, area, what, detail }) => [paint(STYLE[state], state), area, what, detail]),
  );
  return checks.flatMap(({ next }, index) => {
    const row = rows[index] ?? '';
    return next === undefined ? [row] : [row, `         ${next}`];
  });
}

/** `31 checks: 29 ok, 1 warning, 1 failure` */
export function checkCountLine(checks: readonly Check[]): string {
  const count = (state: CheckState) => checks.filter((check) => check.state === state).length;
  const many = (state: CheckState) => `${count(state)} ${state}${count(state) === 1 ? '' : 's'}`;
  return `${checks.length} checks: ${count('ok')} ok, ${many('warning')}, ${many('failure')}`;
}
