/** What a benchmark measures: one figure of one variant, and how a list of them is printed. */

export interface Row {
  /** What is measured: `AWS calls per AMI`. */
  readonly figure: string;
  /** What is compared within one run: `17 regions`, `after-test`. */
  readonly variant: string;
  readonly value: number;
  /** `s`, `calls`, `actions`, `MiB`, `x` for a ratio. */
  readonly unit: string;
  /** `<= 6`; absent where there is none. */
  readonly goal?: string;
}

export interface Result {
  readonly rows: Row[];
}

/** Each module of this folder that is a benchmark has this as its default export. */
export type Bench = () => Promise<Result>;

const HEADINGS = ['FIGURE', 'VARIANT', 'VALUE', 'UNIT', 'GOAL', ''];

/** A table with aligned columns; the last one says whether the goal is met. */
export function table(rows: readonly Row[]): string {
  const cells = [
    HEADINGS,
    ...rows.map((row) => [
      row.figure,
      row.variant,
      rounded(row.value),
      row.unit,
      row.goal ?? '',
      verdict(row),
    ]),
  ];
  const widths = HEADINGS.map((_heading, column) =>
    Math.max(...cells.map((line) => (line[column] ?? '').length)),
  );
  const isNumber = (column: number) => HEADINGS[column] === 'VALUE';
  return cells
    .map((line) =>
      line
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return isNumber(column) ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Three figures that count, and whole numbers from 100. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** Empty without a goal. Throws when the goal is not of the form `<= 6` or `< 6`. */
export function verdict({ value, goal }: Row): '' | 'met' | 'NOT MET' {
  if (goal === undefined) return '';
  const parts = /^(<=|<|>=|>) ?([\d.]+)/.exec(goal);
  if (parts === null) throw new TypeError(`${goal} is not a goal; write it as "<= 6"`);
  const bound = Number(parts[2]);
  const isMet = {
    '<=': value <= bound,
    '<': value < bound,
    '>=': value >= bound,
    '>': value > bound,
  }[parts[1] ?? ''];
  return isMet === true ? 'met' : 'NOT MET';
}
