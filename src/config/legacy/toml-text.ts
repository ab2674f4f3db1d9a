/** The new configuration as TOML, with a comment where a reader would ask. */
import type { AmiItem } from '../sections/amis.js';

/** The keys that an old file can set; the others keep their defaults. */
export interface NewConfig {
  /** The first is the utility instance's. */
  amis: readonly AmiItem[];
  /** The home region among them. */
  regions: readonly string[];
  virtualizationTypes?: readonly string[] | undefined;
  volumeTypes?: readonly string[] | undefined;
  fallbackVolumeSizeGiB?: number | undefined;
  keepFailed: boolean;
  /** Relative to the file, or absolute. */
  script: string;
}

const LINE_CHARS = 100;

/** Ends with a line break. Every text in it is escaped; the schema checks its value later. */
export function tomlText(config: NewConfig): string {
  const blocks = [
    [
      '# From the configuration of the old fedimg, by `fedimg config import`. Other keys have their',
      '# defaults; fedimg.sample.toml explains every key.',
    ],
    ...config.amis.map((item, index) => [...(index === 0 ? HOME : []), ...amiLines(item)]),
    [
      '[publish]',
      '# The regions of the old file. "all" is every region that is enabled in the account.',
      list('regions', config.regions),
      ...optionalList('virtualization_types', config.virtualizationTypes),
      ...optionalList('volume_types', config.volumeTypes),
    ],
    config.fallbackVolumeSizeGiB === undefined
      ? []
      : ['[utility]', `fallback_volume_size_gib = ${config.fallbackVolumeSizeGiB}`],
    [
      '[test]',
      '# Runs on the test instance as root; exit status 0 makes the AMIs public.',
      `script = ${tomlString(config.script)}`,
      ...(config.keepFailed ? ['keep_failed = true'] : []),
    ],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

const HOME = [
  '# The utility instance is launched from the first item; its region is the home region, where',
  '# images are written, snapshotted and tested.',
];

function amiLines({ region, ami, arch, aki }: AmiItem): string[] {
  const pairs = Object.entries({ region, ami, arch, aki });
  return [
    '[[amis]]',
    ...pairs.flatMap(([key, value]) =>
      value === undefined ? [] : [`${key} = ${tomlString(value)}`],
    ),
  ];
}

function optionalList(key: string, texts: readonly string[] | undefined): string[] {
  return texts === undefined ? [] : [list(key, texts)];
}

function list(key: string, texts: readonly string[]): string {
  const items = texts.map(tomlString);
  const line = `${key} = [${items.join(', ')}]`;
  return line.length <= LINE_CHARS
    ? line
    : `${key} = [\n${items.map((item) => `  ${item},\n`).join('')}]`;
}

/** A basic string. JSON has TOML's escapes, but leaves some characters that TOML or a terminal cannot take. */
export function tomlString(text: string): string {
  return JSON.stringify(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
}
