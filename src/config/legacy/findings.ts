/** The settings of the old file in words of the new one, before they are TOML. */
import { shownText } from '../../model/printable.js';
import { region } from '../fields.js';
import type { AmiItem } from '../sections/amis.js';
import { VOLUME_TYPES } from '../../model/ids/variant.js';
import { readAmiList } from './ami-list.js';
import type { LegacyEntry } from './legacy-file.js';

/** Filled key by key; a setting without a key stays absent. */
export interface Findings {
  amis: AmiItem[];
  base?: { region: string; line: number };
  regions?: string[];
  volumeTypes?: string[];
  fallbackVolumeSizeGiB?: number;
  /** False: the AMIs of a failed test are kept. */
  removesFailed: boolean;
  /** The command, one item a line. */
  test?: { lines: string[]; line: number };
}

/** Adds a note on the entry, or on one of its lines. */
export type Note = (why: string, next: string, line?: number) => void;

/** Takes one key over, and notes the changes. */
export type Take = (entry: LegacyEntry, findings: Findings, note: Note) => void;

/** The value if it has one line, else an empty text. */
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
    `starts with ${first.ami}, which the old fedimg launched with a kernel, so as paravirtual; today's instance types launch HVM only, and fedimg needs the SSM agent in it`,
    'put "al2023" into the first [[amis]], or an HVM image with the agent',
  );
};

export const takeBaseRegion: Take = (entry, findings, note) => {
  const name = single(entry);
  if (!region().safeParse(name).success) {
    return note(`is not a region (${shownText(name, 30)})`, 'correct it in the old file');
  }
  findings.base = { region: name, line: entry.line };
};

export const takeRegions: Take = ({ value }, findings, note) => {
  findings.regions = [];
  for (const { text, line } of value) {
    if (region().safeParse(text).success) findings.regions.push(text);
    else note(`has an item that is not a region (${shownText(text, 30)})`, LEFT_OUT, line);
  }
};

export const takeVolumeTypes: Take = ({ value }, findings, note) => {
  const types = new Set<string>();
  for (const { text, line } of value) {
    if (VOLUME_TYPES.some((type) => type === text)) types.add(text);
    else note(`has ${shownText(text, 30)}, which AMIs cannot have`, LEFT_OUT, line);
  }
  if (types.size > 0) findings.volumeTypes = [...types];
};

const LEFT_OUT = 'it was left out; add the right value by hand';

export const takeVolumeSize: Take = (entry, findings, note) => {
  const text = single(entry);
  const sizeGiB = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (sizeGiB < 1 || sizeGiB > 1024) {
    return note(
      'is not a size of 1 to 1024 GiB, and was left out',
      'nothing to do: 10 GiB is the default',
    );
  }
  findings.fallbackVolumeSizeGiB = sizeGiB;
  note(
    'is used only for images of unknown size: other volumes are as large as their image',
    'nothing to do',
  );
};

/** One of the two keys with this meaning is enough. */
export const takeRemoval: Take = (entry, findings, note) => {
  if (!/^(?:false|no|off|0|)$/i.test(single(entry))) {
    return note('always holds now: a failed run removes its resources', 'nothing to do');
  }
  findings.removesFailed = false;
  note(
    'keeps only the AMIs and the snapshot of a failed test, private, for 3 days (fedimg 0.x removed them: it read every word as true)',
    'to remove them at once, set keep_failed = false in [test]',
  );
};

/** `import.ts` writes the note, because a named script replaces this command. */
export const takeTest: Take = (entry, findings) => {
  const lines = entry.value.map(({ text }) => text).filter((text) => text !== '');
  findings.test = { lines, line: entry.line };
};
