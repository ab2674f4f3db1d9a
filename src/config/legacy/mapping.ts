/** Takes the old file through the table of `rules.ts`: what it says now, and a note for all that is not simply moved. */
import { closestTo } from '../suggestion.js';
import { shownName, type ImportNote } from './errors.js';
import type { Findings } from './findings.js';
import type { LegacyEntry } from './legacy-file.js';
import { RULES, type Rule } from './rules.js';

export interface Mapped {
  findings: Findings;
  /** In the order of the file's lines. */
  notes: ImportNote[];
}

/** Never throws: what it cannot use is a note. */
export function mapLegacy(entries: readonly LegacyEntry[]): Mapped {
  const findings: Findings = { amis: [], removesFailed: true };
  const notes: ImportNote[] = [];
  const placed = withDefaults(entries);
  const last = new Map(placed.map((entry) => [nameOf(entry), entry]));
  for (const entry of placed) {
    const key = [entry.section, entry.key]
      .filter((part) => part !== '')
      .map(shownName)
      .join('.');
    const rule = ruleOf(entry);
    const becomes = rule?.becomes ?? null;
    const note = (why: string, next: string, line = entry.line): void =>
      void notes.push({ key, line, becomes, why, next });
    const counted = last.get(nameOf(entry));
    if (rule === undefined) note(...unknown(entry));
    else if (rule.becomes === undefined) note(rule.why, rule.next);
    else if (counted === entry) rule.take(entry, findings, note);
    else note(`stands again in line ${counted?.line ?? 0}, which counts`, 'nothing to do');
  }
  return { findings, notes: notes.sort((a, b) => a.line - b.line) };
}

function nameOf({ section, key }: LegacyEntry): string {
  return `${section}\n${key}`;
}

function ruleOf({ section, key }: LegacyEntry): Rule | undefined {
  return RULES[`${section}.${key}`] ?? RULES[`${section}.*`];
}

/** A key of `[DEFAULT]` holds for every section that lacks it, as in Python: here, for the one that it belongs to. */
function withDefaults(entries: readonly LegacyEntry[]): LegacyEntry[] {
  const present = new Set(entries.map(nameOf));
  return entries.map((entry) => {
    if (entry.section !== 'DEFAULT') return entry;
    const moved = ['general', 'koji', 'aws'].map((section) => ({ ...entry, section }));
    const wanted = moved.find((one) => ruleOf(one) !== undefined && !present.has(nameOf(one)));
    return wanted ?? entry;
  });
}

/** The keys of each section; none for one whose keys are all alike. */
const KNOWN = new Map<string, string[]>();
for (const [section = '', key = '*'] of Object.keys(RULES).map((name) => name.split('.'))) {
  const keys = KNOWN.get(section) ?? [];
  KNOWN.set(section, key === '*' ? keys : [...keys, key]);
}

function unknown({ section, key }: LegacyEntry): [why: string, next: string] {
  const keys = KNOWN.get(section);
  const closest = keys === undefined ? closestTo(section, [...KNOWN.keys()]) : closestTo(key, keys);
  const next =
    closest === undefined
      ? 'nothing to do'
      : `correct it in the old file, if ${closest} was meant, and import that again`;
  return ['the old fedimg knew no such key', next];
}
