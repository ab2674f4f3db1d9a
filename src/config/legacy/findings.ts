/** What the old file says in words of the new one, before it is TOML. */
import { shownText } from '../../model/printable.js';
import { region } from '../fields.js';
import type { AmiItem } from '../sections/amis.js';
import { VOLUME_TYPES } from '../../model/ids/variant.js';
import { readAmiList } from './ami-list.js';
import type { LegacyEntry } from './legacy-file.js';

/** Filled key by key; what no key said stays absent. */
export interface Findings {
  amis: AmiItem[];
  base?: { region: string; line: number };
  regions?: string[];
  volumeTypes?: string[];
  fallbackVolumeSizeGiB?: number;
  /** False: the AMIs of a failed test are to stay. */
  removesFailed: boolean;
  /** The command, one item a line. */
  test?: { lines: string[]; line: number };
}

/** Says something of the entry that is being read, or of another of its lines. */
export type Note = (why: string, next: string, line?: number) => void;

/** Takes one key over, and notes what that changes. */
export type Take = (entry: LegacyEntry, findings: Findings, note: Note) => void;

/** A value of one line; of several, none is meant. */
function single({ value }: LegacyEntry): string {
  const texts = value.map(({ text }) => text).filter((text) => text !== '');
  return texts.length === 1 ? (texts[0] ?? '') : '';
}

export const takeAmis: Take = (entry, findings, note) => {
  const { items, notes } = readAmiList(entry.value);
  findings.amis = items;
  for (const { why, next, line } of notes) note(why, next, line);
  const [first] = items;
  if (first?.aki === undefined || first.ami === 'al2023') return;
  note(
    `starts with ${first.ami}, which the old fedimg launched with a kernel, so as paravirtual: today's instance types launch HVM only, and it needs the SSM agent`,
    'put "al2023" into the first [[amis]], or an HVM image with the agent',
  );
};

export const takeBaseRegion: Take = (entry, findings, note) => {
  const name = single(entry);
  if (!region().safeParse(name).success) {
    return note(`is no region (${shownText(name, 30)})`, 'correct it in the old file');
  }
  findings.base = { region: name, line: entry.line };
};

export const takeRegions: Take = ({ value }, findings, note) => {
  findings.regions = [];
  for (const { text, line } of value) {
    if (region().safeParse(text).success) findings.regions.push(text);
    else note(`has an item that is no region (${shownText(text, 30)})`, LEFT_OUT, line);
  }
};

export const takeVolumeTypes: Take = ({ value }, findings, note) => {
  const types = new Set<string>();
  for (const { text, line } of value) {
    if (VOLUME_TYPES.some((type) => type === text)) types.add(text);
    else note(`has ${shownText(text, 30)}, which no AMI can have`, LEFT_OUT, line);
  }
  if (types.size > 0) findings.volumeTypes = [...types];
};

const LEFT_OUT = 'it was left out; add what it should have been by hand';

export const takeVolumeSize: Take = (entry, findings, note) => {
  const text = single(entry);
  const sizeGiB = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (sizeGiB < 1 || sizeGiB > 1024) {
    return note(
      'is no size of 1 to 1024 GiB, and was left out',
      'nothing to do: 10 GiB is the default',
    );
  }
  findings.fallbackVolumeSizeGiB = sizeGiB;
  note(
    'counts only where the size of an image is not to be found out: a volume is as large as its image',
    'nothing to do',
  );
};

/** Of both keys that kept something, either one. */
export const takeRemoval: Take = (entry, findings, note) => {
  if (!/^(?:false|no|off|0|)$/i.test(single(entry))) {
    return note('is always so: a run that fails removes what it made', 'nothing to do');
  }
  findings.removesFailed = false;
  note(
    'keeps the AMIs and the snapshot of a failed test, private, for 3 days, and nothing else (fedimg 0.x kept nothing: it took every word for true)',
    'set keep_failed = false in [test] if nothing is to stay',
  );
};

/** What became of it, is known only when nobody named another script. */
export const takeTest: Take = (entry, findings) => {
  const lines = entry.value.map(({ text }) => text).filter((text) => text !== '');
  findings.test = { lines, line: entry.line };
};
