/** The full matrix: every call of a step under every fault that it can have, and seeded pairs of faults. */

import { createRandom } from '../../src/simulator/random.js';
import type { CallSite } from './call-site.js';
import { matchesSite, siteName } from './call-site.js';
import { isApplicable } from './fault.js';
import type { Reference } from './reference.js';
import { AWAY, HOME } from './cells.js';
import type { ActivityCell, Column, Fault, Row } from './vocabulary.js';

export interface Case {
  readonly title: string;
  readonly fault: Fault;
  readonly alongside: readonly Fault[];
}

/** Faults of the way; they may meet any call. */
const ANYWHERE: readonly Column[] = ['LR', 'TH', '5X', 'TO', 'EC', 'DN', 'K0', 'K1', 'ZO', 'CN'];

const DENIED_IN_UNDO = /^(?:TerminateInstances|DeregisterImage)$/;

/** The cell at this call; undefined where the fault cannot be, or has no end of its own. */
function cellAt(row: number, column: Column, cell: ActivityCell, site: CallSite) {
  const isNamed = cell.at !== undefined && matchesSite(cell.at, site);
  if (!ANYWHERE.includes(column) || cell.rule !== undefined) return isNamed ? cell : undefined;
  if (!isApplicable(column, site)) return undefined;
  if (column !== 'DN') return cell;
  // What is denied at home fails the image, whatever it is about.
  if (row === 3 && site.region === HOME) return { ...cell, end: 'F' as const };
  if (row === 3 && site.region !== AWAY) return undefined;
  // The workflow does not ask whether a test instance that passed has ended.
  if (row === 10 && site.action === 'TerminateInstances') return undefined;
  // What is public is published, whatever tag is refused.
  if (row === 12 && site.action === 'CreateTags') return { ...cell, end: 'D' as const };
  if (row === 14 && !DENIED_IN_UNDO.test(site.action)) return undefined;
  return cell;
}

export function casesOf(row: Row, { sites }: Reference, seed: number): Case[] {
  return (Object.entries(row.cells) as [Column, Row['cells'][Column]][]).flatMap(
    ([column, cell]) => {
      if (cell.level !== 'activity') return [];
      const { at } = cell;
      const places =
        at?.action === '*' ? [{ by: '', region: '', occurrence: 1, ...at }] : [...sites];
      return places.flatMap((site) => {
        const here = at?.action === '*' ? cell : cellAt(row.row, column, cell, site);
        if (here === undefined) return [];
        const title = `${row.row} ${row.step} ${column} ${siteName(site)}`;
        return [{ title, fault: { row: row.row, column, site, cell: here, seed }, alongside: [] }];
      });
    },
  );
}

const RULES: readonly Column[] = ['LR', 'TH', '5X', 'TO', 'EC'];
const DEATHS: readonly Column[] = ['K0', 'K1', 'ZO'];

/** A broker that does not answer is waited for until the worker ends. */
function endsWorker({ column, site }: Fault): boolean {
  return DEATHS.includes(column) || (column === 'TO' && site.action === 'send');
}

/** Two faults in one step, of which at most one ends a worker: the end is that of either alone. */
export function pairsOf(cases: readonly Case[], count: number, seed: number): Case[] {
  const random = createRandom(seed, 2);
  const draw = <T>(choices: readonly T[]): T | undefined =>
    choices[Math.floor(random.next() * choices.length)];
  const mild = cases.filter(({ fault }) => RULES.includes(fault.column) && !endsWorker(fault));
  const partners = cases.filter(({ fault }) => [...RULES, ...DEATHS].includes(fault.column));
  const pairs: Case[] = [];
  while (pairs.length < count) {
    const one = draw(mild);
    const others = partners.filter(
      ({ fault }) => fault.row === one?.fault.row && fault.cell.end === one.fault.cell.end,
    );
    const other = draw(others);
    if (one === undefined || other === undefined || one === other) continue;
    const number = pairs.length + 1;
    const title = `pair ${number}: ${one.title} and ${other.fault.column} ${siteName(other.fault.site)}`;
    const own = seed + number;
    pairs.push({
      title,
      fault: { ...one.fault, seed: own },
      alongside: [{ ...other.fault, seed: own }],
    });
  }
  return pairs;
}
