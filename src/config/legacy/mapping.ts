/** Applies the table of `rules.ts` to the old file, with a note on each key that is changed or left out. */
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

/** Never throws: a key that it cannot use becomes a note. */
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
    else
      note(`stands again in line ${counted?.line ?? 0}, and the last one counts`, 'nothing to do');
  }
  return { findings, notes: notes.sort((a, b) => a.line - b.line) };
}

function nameOf({ section, key }: LegacyEntry): string {
  return `${section}\n${key}`;
}

function ruleOf({ section, key }: LegacyEntry): Rule | undefined {
  return RULES[`${section}.${key}`] ?? RULES[`${section}.*`];
}

/** In Python, a key of `[DEFAULT]` holds for every section that lacks it; here, for the section that has a rule for it. */
function withDefaults(entries: readonly LegacyEntry[]): LegacyEntry[] {
  const present = new Set(entries.map(nameOf));
  return entries.map((entry) => {
    if (entry.section !== 'DEFAULT') return entry;
    const moved = ['general', 'koji', 'aws'].map((section) => ({ ...entry, section }));
    const wanted = moved.find((one) => ruleOf(one) !== undefined && !present.has(nameOf(one)));
    return wanted ?? entry;
  });
}

/** The keys of each section; empty where one rule holds for all keys. */
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
      : `if ${closest} was meant, correct it in the old file, and import that again`;
  return ['the old fedimg had no such key', next];
}
