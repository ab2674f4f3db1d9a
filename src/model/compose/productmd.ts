/** productmd's image metadata: selects the images of a compose, and checks them against a strict grammar. */
import { isName } from '../ids/name.js';
import { bareUrl, shownText } from '../printable.js';
import { ARCHES, type Arch, type ComposeImage } from './compose.js';
import type { ProductmdImage } from './image-location.js';
import { withoutLocation } from './image-location.js';

/** Which images to publish; `[composes]` of the configuration has this shape. */
export interface ImageSelection {
  /** Matched exactly: `Cloud_Base` does not match `Cloud_Base_UKI`. */
  subvariants: readonly string[];
  types: readonly string[];
  arches: readonly Arch[];
}

/** The result of a selection. */
export interface SelectedImages {
  images: ComposeImage[];
  /** Images that the compose lacks; a FINISHED_INCOMPLETE one may lack any. */
  absent: { subvariant: string; arch: Arch }[];
  /** Selected images without a checksum in the metadata; they need one from a CHECKSUM file. */
  unchecked: { path: string; arch: Arch }[];
  /** Why the metadata cannot be used: with one problem, no image of it may be published. */
  problems: string[];
}

/** Checksums from CHECKSUM files, by path, for entries that have none of their own. */
export type Checksums = ReadonlyMap<string, { sha256: string; sizeBytes?: number }>;

const FORMAT_BY_TYPE: Readonly<Record<string, string>> = { 'raw-xz': 'raw.xz' };
const PATH_CHARS_MAX = 512;
const SUFFIX = '.raw.xz';

/** The path of an image below its compose, or `undefined`: no traversal, ASCII, one grammar for all names. */
export function checkImagePath(path: unknown): string | undefined {
  if (typeof path !== 'string' || path.length > PATH_CHARS_MAX) return undefined;
  const segments = path.split('/');
  if (!segments.every((segment) => isName(segment) && !segment.endsWith('.'))) {
    return undefined;
  }
  const name = segments.at(-1) ?? '';
  return name.endsWith(SUFFIX) && name.length > SUFFIX.length ? path : undefined;
}

/** Picks the wanted images: at most one for each subvariant and architecture. Never throws. */
export function selectImages(
  entries: readonly ProductmdImage[],
  selection: ImageSelection,
  location: string,
  checksums: Checksums = new Map(),
): SelectedImages {
  const result: SelectedImages = { images: [], absent: [], unchecked: [], problems: [] };
  const images = entries.map((entry) => withoutLocation(entry, location));
  for (const subvariant of selection.subvariants) {
    for (const arch of ARCHES.filter((one) => selection.arches.includes(one))) {
      const candidates = images.filter(
        (entry) =>
          entry.subvariant === subvariant &&
          entry.arch === arch &&
          typeof entry.type === 'string' &&
          selection.types.includes(entry.type) &&
          entry.format === FORMAT_BY_TYPE[entry.type],
      );
      if (candidates.length === 0) {
        result.absent.push({ subvariant, arch });
        continue;
      }
      const found = candidates.map((entry) =>
        toComposeImage(entry, { subvariant, arch, location, checksums }),
      );
      const image = onlyOne(found.filter((one) => typeof one !== 'string'));
      const problems = found.filter((one) => typeof one === 'string');
      result.unchecked.push(
        ...candidates
          .filter((entry) => sha256Of(entry) === undefined)
          .flatMap(({ path }) => checkImagePath(path) ?? [])
          .filter((path) => !checksums.has(path))
          .map((path) => ({ path, arch })),
      );
      if (problems.length > 0) result.problems.push(...problems);
      else if (image) result.images.push(image);
      else result.problems.push(`several images claim to be ${subvariant} for ${arch}`);
    }
  }
  return result;
}

/** The image when all are one and the same, or when one alone is marked as Amazon's (Fedora 40 and later). */
function onlyOne(images: readonly ComposeImage[]): ComposeImage | undefined {
  const byUrl = new Map(images.map((image) => [`${image.url} ${image.sha256}`, image]));
  const distinct = [...byUrl.values()];
  const amazon = distinct.filter(({ name }) => name.includes('AmazonEC2'));
  if (distinct.length === 1) return distinct[0];
  return amazon.length === 1 ? amazon[0] : undefined;
}

interface Selected {
  readonly subvariant: string;
  readonly arch: Arch;
  readonly location: string;
  readonly checksums: Checksums;
}

function toComposeImage(
  entry: ProductmdImage,
  { subvariant, arch, location, checksums }: Selected,
): ComposeImage | string {
  const what = `the ${arch} image of ${subvariant}`;
  const path = checkImagePath(entry.path);
  if (path === undefined) return `${what} ${pathProblem(entry.path)}`;
  const { size } = entry;
  const elsewhere = checksums.get(path);
  const sha256 = sha256Of(entry) ?? elsewhere?.sha256;
  if (typeof sha256 !== 'string' || !/^[0-9a-fA-F]{64}$/.test(sha256)) {
    return `${what} has no sha256 of 64 hexadecimal digits, here or in a CHECKSUM file beside it`;
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size <= 0) {
    return `${what} has a size that is not a positive whole number`;
  }
  if (elsewhere?.sizeBytes !== undefined && elsewhere.sizeBytes !== size) {
    return `${what} has ${size} bytes here and ${elsewhere.sizeBytes} in its CHECKSUM file`;
  }
  return {
    subvariant,
    arch,
    url: `${location}/${path}`,
    sha256: sha256.toLowerCase(),
    sizeBytes: size,
    name: path.slice(path.lastIndexOf('/') + 1, -SUFFIX.length),
  };
}

function pathProblem(path: unknown): string {
  if (typeof path === 'string' && /^[a-z][a-z0-9+.-]{0,20}:/i.test(path)) {
    const next = 'fedimg reads images below the location of their compose; use fedimg publish';
    return `is stored elsewhere, at ${shownText(bareUrl(path), 200)}; ${next}`;
  }
  return 'has a path that is not a plain relative path to a .raw.xz file';
}

/** The value as it stands, or undefined without one. */
function sha256Of({ checksums }: ProductmdImage): unknown {
  if (typeof checksums !== 'object' || checksums === null) return undefined;
  const sha256: unknown = Object.hasOwn(checksums, 'sha256')
    ? (checksums as { sha256: unknown }).sha256
    : undefined;
  return sha256 === null || sha256 === '' ? undefined : sha256;
}
