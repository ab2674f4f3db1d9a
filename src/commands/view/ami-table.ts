/** AMIs as tables: one row for each AMI, or one row for each region with the variants side by side. */

import type { AmiRecord } from '../../model/progress/progress.js';
import { variantKey } from '../../model/ids/variant.js';
import { formatColumns, printableData } from './format.js';
import type { Paint } from './terminal.js';

/** One row for each AMI, and for each missing one with its reason. */
export function amiLines(read: readonly AmiRecord[], paint: Paint): string[] {
  const rows = printableData(read);
  const head = ['RELEASE', 'ARCH', 'REGION', 'VIRT', 'VOLUME', 'AMI', 'PUBLIC', 'NAME'];
  const body = rows.map((row) => [
    row.release,
    row.arch,
    row.region,
    row.virt,
    row.volumeType,
    row.ami ?? paint('yellow', '-'),
    row.ami === null ? '' : row.public ? 'yes' : paint('yellow', 'no'),
    row.ami === null ? paint('yellow', row.reason ?? 'missing') : row.name,
  ]);
  return formatColumns([head.map((cell) => paint('bold', cell)), ...body]);
}

/** One table for each image, with a row for each region; below it, what is missing and why. */
export function compactAmiLines(read: readonly AmiRecord[], paint: Paint): string[] {
  const rows = printableData(read);
  const images = [...new Set(rows.map(({ image, arch }) => `${image}\n${arch}`))];
  const tables = images.map((key) =>
    imageTable(
      rows.filter(({ image, arch }) => `${image}\n${arch}` === key),
      paint,
    ),
  );
  return tables.flatMap((table, index) => (index === 0 ? table : ['', ...table]));
}

function imageTable(rows: readonly AmiRecord[], paint: Paint): string[] {
  const [first] = rows;
  if (first === undefined) return [];
  // A variant without any AMI, such as paravirtual for aarch64, becomes a line below the table.
  const made = rows.filter(({ ami }) => ami !== null);
  const title = paint('bold', `${first.image} (${first.arch})`);
  if (made.length === 0) return [title, ...missingLines(rows)];
  const columns = [...new Set(made.map(variantKey))].sort();
  const regions = [...new Set(rows.map(({ region }) => region))];
  const head = ['REGION', ...columns.map((column) => column.toUpperCase())];
  const body = regions.map((regionName) => [
    regionName,
    ...columns.map((column) => {
      const row = rows.find((one) => one.region === regionName && variantKey(one) === column);
      if (row === undefined || row.ami === null) return paint('yellow', '-');
      return row.public ? row.ami : paint('yellow', `${row.ami} (private)`);
    }),
  ]);
  return [
    title,
    ...formatColumns([head.map((cell) => paint('dim', cell)), ...body]),
    ...missingLines(rows),
  ];
}

const NAMED_MAX = 4;

function missingLines(rows: readonly AmiRecord[]): string[] {
  const byReason = new Map<string, AmiRecord[]>();
  for (const row of rows.filter(({ ami }) => ami === null)) {
    const reason = reasonInAnyRegion(row);
    byReason.set(reason, [...(byReason.get(reason) ?? []), row]);
  }
  return [...byReason].map(([reason, missing]) => {
    const variants = [...new Set(missing.map(variantKey))].join(', ');
    const regions = [...new Set(missing.map(({ region }) => region))];
    const named = regions.length <= NAMED_MAX ? regions.join(', ') : `${regions.length} regions`;
    return `- ${variants} in ${named}: ${reason}`;
  });
}

/**
 * Without the region's name, the reasons of several regions are equal, and one line shows them. A reason that has the
 * region in a name or in a command stays as it is.
 */
function reasonInAnyRegion({ reason = 'missing', region, name }: AmiRecord): string {
  const isPartOfName = name !== '' && reason.includes(name);
  if (isPartOfName || reason.includes(`--region ${region}`)) return reason;
  const word = new RegExp(`(?<![\\w./-])${region}(?![\\w/-]|\\.\\w)`, 'g');
  const general = reason.replace(word, 'the region');
  return general.includes(region) ? reason : general;
}

/** `68 AMIs in 17 regions, 68 public; 4 left out`. */
export function countLine(rows: readonly AmiRecord[]): string {
  const made = rows.filter(({ ami }) => ami !== null);
  const regions = new Set(made.map(({ region }) => region)).size;
  const open = made.filter((row) => row.public).length;
  const missing = rows.length - made.length;
  const rest = missing === 0 ? '' : `; ${missing} not made`;
  return `${made.length} AMIs in ${regions} regions, ${open} public${rest}`;
}
