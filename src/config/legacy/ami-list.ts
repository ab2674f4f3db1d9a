/** The old AMI list: one item a line, in any of its three forms. */
import { shownText } from '../../model/printable.js';
import { AMI_ID, kernelId, region } from '../fields.js';
import type { AmiItem } from '../sections/amis.js';
import type { ImportNote } from './errors.js';
import type { ValueLine } from './ini.js';

/** The items of the list, and notes on lines that were changed or left out. */
export interface AmiList {
  /** In the order of the list: x86_64 only, one for each region. */
  items: AmiItem[];
  notes: Pick<ImportNote, 'line' | 'why' | 'next'>[];
}

interface Fields {
  region: string;
  arch: string;
  ami: string;
  aki: string;
}

const BY_HAND = 'if you need its region, add an [[amis]] table by hand';

/** Reads the list; a line that cannot be used becomes a note, and the others are read. */
export function readAmiList(lines: readonly ValueLine[]): AmiList {
  const list: AmiList = { items: [], notes: [] };
  const i386: { line: number; region: string }[] = [];
  for (const { text, line } of lines) {
    if (text === '') continue;
    const fields = fieldsOf(text);
    const refusal = fields === undefined ? unreadable(text) : refusalOf(fields, list.items);
    if (fields === undefined || refusal !== undefined) {
      list.notes.push({ line, why: refusal ?? '', next: BY_HAND });
    } else if (fields.arch === 'i386') {
      i386.push({ line, region: fields.region });
    } else {
      list.items.push(itemOf(fields, (note) => list.notes.push({ line, ...note })));
    }
  }
  const [first] = i386;
  if (first !== undefined) {
    const regions = i386.map((one) => one.region).join(', ');
    const why = `has items for i386, which were left out: Fedora no longer makes such images (${regions})`;
    list.notes.push({ line: first.line, why, next: 'nothing to do' });
  }
  return list;
}

/**
 * `region|arch|ami|aki` since 2016; before that with `os|version` behind the region, and at first without a kernel.
 * Fields contain no commas, so a comma between fields works, too.
 */
function fieldsOf(text: string): Fields | undefined {
  if (isComment(text)) return undefined;
  const parts = text.split(/[|,]/).map((part) => part.trim());
  if (parts.length > 4) parts.splice(1, 2);
  const [name, arch, ami, aki = '', ...more] = parts;
  if (name === undefined || arch === undefined || ami === undefined || more.length > 0) {
    return undefined;
  }
  return { region: name, arch, ami, aki };
}

/** Python read comments as items, so a list that worked had none. */
function isComment(text: string): boolean {
  return /^[#;]/.test(text);
}

function unreadable(text: string): string {
  if (isComment(text)) return 'has a comment within the list, which was left out';
  return 'has a line that is not an item (region|arch|ami|aki), which was left out';
}

function refusalOf({ region: name, arch }: Fields, items: readonly AmiItem[]): string | undefined {
  if (!region().safeParse(name).success) {
    return `has an item without a region (${shownText(name, 30)}), which was left out`;
  }
  if (arch !== 'x86_64' && arch !== 'i386') {
    return `has an item of an unknown architecture (${shownText(arch, 30)}), which was left out`;
  }
  if (arch === 'x86_64' && items.some((item) => item.region === name)) {
    return `lists ${name} once more, which was left out: a region has one item`;
  }
  return undefined;
}

function itemOf(fields: Fields, note: (words: { why: string; next: string }) => void): AmiItem {
  const item: AmiItem = { region: fields.region, ami: fields.ami, arch: 'x86_64' };
  if (!AMI_ID.test(fields.ami)) {
    item.ami = 'al2023';
    note({
      why: `has ${shownText(fields.ami, 30)}, which is not an AMI; ${fields.region} got "al2023", the newest Amazon Linux 2023`,
      next: 'to use another AMI, put its id into the [[amis]] table of the region',
    });
  }
  if (fields.aki === '') return item;
  if (kernelId().safeParse(fields.aki).success) return { ...item, aki: fields.aki };
  note({
    why: `has ${shownText(fields.aki, 30)}, which is not a kernel; ${fields.region} takes the newest PV-GRUB that EC2 has there`,
    next: 'to choose one, set aki in the [[amis]] table of the region',
  });
  return item;
}
