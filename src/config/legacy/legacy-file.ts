/** The old file as entries with lines: INI as fedimg 0.x read it, TOML as 1.x and 2.x did, with the same sections. */
import { parseToml, TomlError, type TomlDocument } from '../toml.js';
import { LegacyConfigError } from './errors.js';
import { IniError, parseIni, type ValueLine } from './ini.js';

/** One key with its value. */
export interface LegacyEntry {
  section: string;
  key: string;
  /** From 1. */
  line: number;
  /** The lines of an INI value; the items of a TOML list. Never undefined, but empty for a table. */
  value: readonly ValueLine[];
}

/** Real files have 3 KiB. */
export const LEGACY_BYTES_MAX = 64 * 1024;

const GIVE =
  'give the file that the old fedimg read: /etc/fedimg.cfg (0.x) or /etc/fedimg/fedimg-conf.toml';

/** The entries of either format, in the order of the file. Throws `LegacyConfigError` for another format or program. */
export function readLegacy(bytes: Uint8Array): LegacyEntry[] {
  const text = decode(bytes);
  const document = tomlOf(text);
  if (document instanceof TomlError && looksLikeToml(text)) throw brokenToml(document);
  const entries =
    document instanceof TomlError ? iniEntries(text, document) : tomlEntries(document);
  if (!entries.some(({ section }) => section === 'aws' || section === 'general')) {
    throw new LegacyConfigError('has neither a section [general] nor [aws] with a key in it', {
      next: GIVE,
    });
  }
  return entries;
}

function decode(bytes: Uint8Array): string {
  if (bytes.length > LEGACY_BYTES_MAX) {
    const message = `has more than ${LEGACY_BYTES_MAX} bytes, more than any configuration of the old fedimg`;
    throw new LegacyConfigError(message, { next: GIVE });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const next = 'convert it first: iconv -f latin1 -t utf-8 OLD > NEW';
    throw new LegacyConfigError('is not UTF-8 text', { next });
  }
}

function tomlOf(text: string): TomlDocument | TomlError {
  try {
    return parseToml(text);
  } catch (error) {
    if (error instanceof TomlError) return error;
    throw error;
  }
}

/** A quoted text or a list is TOML; a bare word is INI. */
const TOML_VALUE = /^[ \t]*[\w.-]+[ \t]*=[ \t]*(?:"[^"]|'|\[)/gm;
const INI_VALUE = /^[ \t]*[\w.-]+[ \t]*[:=][ \t]*(?!(?:true|false|inf|nan)\b)[A-Za-z/]/gm;

/** Whether more of its values are TOML than INI: with a mistake in it, no parser can tell. */
function looksLikeToml(text: string): boolean {
  return (text.match(TOML_VALUE)?.length ?? 0) > (text.match(INI_VALUE)?.length ?? 0);
}

function brokenToml({ message, place: { line, column } }: TomlError): LegacyConfigError {
  return new LegacyConfigError(`is not valid TOML: line ${line}, column ${column}: ${message}`, {
    line,
    next: 'correct the TOML there, and import the file again',
  });
}

function iniEntries(text: string, tomlError: TomlError): LegacyEntry[] {
  try {
    return parseIni(text);
  } catch (error) {
    if (!(error instanceof IniError)) throw error;
    throw new LegacyConfigError(`is not an INI file: line ${error.line} ${error.message}`, {
      line: error.line,
      next: `correct that line (as TOML, which fedimg 1.x and 2.x read, it fails at line ${tomlError.place.line}), or ${GIVE}`,
    });
  }
}

function tomlEntries({ value, placeOf }: TomlDocument): LegacyEntry[] {
  if (Array.isArray(value['amis'])) {
    throw new LegacyConfigError('is already a configuration of this fedimg: it has [[amis]]', {
      next: 'use it without a conversion: fedimg worker --config FILE',
    });
  }
  return Object.entries(value).flatMap(([section, table]) => {
    const inTable = typeof table === 'object' && table !== null && !Array.isArray(table);
    const pairs: [string[], unknown][] = inTable
      ? Object.entries(table).map(([key, inner]) => [[section, key], inner])
      : [[[section], table]];
    return pairs.map(([path, inner]): LegacyEntry => {
      const lineOf = (...below: number[]): number => placeOf([...path, ...below]).line;
      const items: unknown[] = Array.isArray(inner) ? inner : [inner];
      return {
        section: inTable ? section : '',
        key: path.at(-1) ?? '',
        line: lineOf(),
        value: items.flatMap((item, index) =>
          isScalar(item)
            ? { text: String(item), line: Array.isArray(inner) ? lineOf(index) : lineOf() }
            : [],
        ),
      };
    });
  });
}

function isScalar(item: unknown): item is string | number | bigint | boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof item);
}
