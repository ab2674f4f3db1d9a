/** A compose: the grammar of its id, and its images. */

/** The distribution's architecture words; EC2 calls aarch64 `arm64`. */
export const ARCHES = ['x86_64', 'aarch64'] as const;
export type Arch = (typeof ARCHES)[number];

/** The types that the suffix of the date in a compose id names (productmd). */
export const COMPOSE_TYPES = ['production', 'nightly', 'test', 'ci', 'development'] as const;
export type ComposeType = (typeof COMPOSE_TYPES)[number];

const TYPE_BY_SUFFIX: Readonly<Record<string, ComposeType>> = {
  '': 'production',
  '.n': 'nightly',
  '.t': 'test',
  '.ci': 'ci',
  '.d': 'development',
};

/** productmd's release types; `ga` is never part of the id. */
const RELEASE_TYPES = [
  'updates-testing',
  'updates',
  'fast',
  'eus',
  'aus',
  'els',
  'tus',
  'e4s',
] as const;
export type ReleaseType = (typeof RELEASE_TYPES)[number] | 'ga';

/** A compose id in its parts: `SHORT-VERSION[-type][-BASE-VERSION[-type]]-YYYYMMDD[.suffix].RESPIN`. */
export interface ComposeId {
  id: string;
  /** `Fedora-Cloud` of `Fedora-Cloud-43-20251021.0`. */
  short: string;
  /** `43`, `Rawhide`, `eln`. */
  version: string;
  releaseType: ReleaseType;
  /** `YYYYMMDD`. */
  date: string;
  composeType: ComposeType;
  respin: number;
  /** The base of a layered product: `RHEL` `7` of `Tools-1.0-RHEL-7-20200101.0`. */
  base?: { short: string; version: string };
}

/** One image of a compose, as a run of `publishImage` needs it. */
export interface ComposeImage {
  /** `Cloud_Base`. */
  subvariant: string;
  arch: Arch;
  /** Absolute and normalised; below the compose's location. */
  url: string;
  /** Of the compressed file, 64 lower-case hexadecimal digits. */
  sha256: string;
  /** Of the compressed file. */
  sizeBytes: number;
  /** The file's name without `.raw.xz`. */
  name: string;
}

/** Longest id accepted: it becomes a workflow id, a tag value and a part of names. */
export const COMPOSE_ID_CHARS_MAX = 100;

const DATED = /^([A-Za-z][A-Za-z0-9._-]*)-(\d{8})(\.(?:n|t|ci|d))?\.(0|[1-9]\d{0,3})$/;
/** Dots only in what a layered product's own version is. */
const SHORT = /^[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9.]+)*$/;
const VERSION = /^(?:\d+(?:\.\d+)*|[A-Za-z][A-Za-z0-9._]*)$/;

/** The parts of a compose id, or `undefined` for another text. Never throws. */
export function parseComposeId(id: string): ComposeId | undefined {
  if (id.length > COMPOSE_ID_CHARS_MAX) return undefined;
  const match = DATED.exec(id);
  if (!match) return undefined;
  const [, release = '', date = '', suffix = '', respin = ''] = match;
  const composeType = TYPE_BY_SUFFIX[suffix];
  if (composeType === undefined || !isCalendarDate(date)) return undefined;

  const outer = splitRelease(release);
  const [, inner, baseShort] = LAYERED.exec(outer?.named ?? '') ?? [];
  const product = inner === undefined ? outer : splitRelease(inner);
  if (outer === undefined || product === undefined) return undefined;
  const { short, version, releaseType } = product;
  return {
    id,
    short,
    version,
    releaseType,
    date,
    composeType,
    respin: Number(respin),
    ...(baseShort === undefined ? {} : { base: { short: baseShort, version: outer.version } }),
  };
}

/** A version with digits in front, and another product behind it. */
const LAYERED = /^(.+-\d[A-Za-z0-9._]*(?:-[a-z0-9-]+)?)-([A-Za-z][A-Za-z0-9]*)-[A-Za-z0-9._]+$/;

/** `SHORT-VERSION[-type]` in its parts; the version is the last word. */
function splitRelease(
  release: string,
): { short: string; version: string; releaseType: ReleaseType; named: string } | undefined {
  const releaseType = RELEASE_TYPES.find((type) => release.endsWith(`-${type}`)) ?? 'ga';
  const named = releaseType === 'ga' ? release : release.slice(0, -releaseType.length - 1);
  const dash = named.lastIndexOf('-');
  const short = named.slice(0, Math.max(dash, 0));
  const version = named.slice(dash + 1);
  if (!SHORT.test(short) || !VERSION.test(version)) return undefined;
  return { short, version, releaseType, named };
}

/** Whether `YYYYMMDD` is a day that exists. */
function isCalendarDate(date: string): boolean {
  const year = Number(date.slice(0, 4));
  const month = Number(date.slice(4, 6));
  const day = Number(date.slice(6, 8));
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return year >= 2000 && days !== undefined && day >= 1 && day <= days;
}
