/** Tables of the file in the words of the code: `region_patience` becomes `regionPatienceMs`. */

/** What a duration of the file is until its table is renamed. */
export class Duration {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

type Word<Text extends string> = Text extends 'gib' ? 'GiB' : Capitalize<Text>;
type Words<Text extends string> = Text extends `${infer First}_${infer Rest}`
  ? `${Word<First>}${Words<Rest>}`
  : Word<Text>;
/** `max_raw_gib` as `maxRawGiB`. */
type Camel<Text extends string> = Text extends `${infer First}_${infer Rest}`
  ? `${First}${Words<Rest>}`
  : Text;

/** `imds_v2: boolean` as `imdsV2: boolean`, `grace: Duration` as `graceMs: number`. */
export type CamelCased<Table> = {
  [
    Key in keyof Table as Key extends string
      ? Exclude<Table[Key], undefined> extends Duration
        ? `${Camel<Key>}Ms`
        : Camel<Key>
      : never
  ]: Exclude<Table[Key], undefined> extends Duration ? number : Exclude<Table[Key], undefined>;
};

/** Renames the keys of one table, and leaves tables within it alone; an optional key that is absent stays absent. */
export function camelCased<Table extends object>(table: Table): CamelCased<Table> {
  const entries = Object.entries(table).flatMap(([key, value]: [string, unknown]) => {
    if (value === undefined) return [];

    const name = key.replace(/_([a-z0-9]+)/g, (_, word: string) =>
      word === 'gib' ? 'GiB' : word.charAt(0).toUpperCase() + word.slice(1),
    );
    return [value instanceof Duration ? [`${name}Ms`, value.ms] : [name, value]];
  });
  return Object.fromEntries(entries) as CamelCased<Table>;
}
