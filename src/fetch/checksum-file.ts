/** CHECKSUM files beside the images of a compose: their paths and their content. */
import { parseComposeId } from '../model/compose/compose.js';
import { DownloadError } from './errors.js';
import { fetchText, type FetchMetadataOptions } from './fetch-metadata.js';

/** The entry of one file. */
export interface FileChecksum {
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** From a comment; absent without one. */
  readonly sizeBytes?: number;
}

/** Fedora's have under 4 KiB. */
const CHECKSUM_BYTES_MAX = 1024 * 1024;

/** `SHA256 (name) = digits`, and what sha256sum writes: `digits  name`, `digits *name`. */
const TAGGED = /^SHA256 \(([^()\s]{1,255})\) = ([0-9a-fA-F]{64})$/;
const PLAIN = /^([0-9a-fA-F]{64}) [ *](\S{1,255})$/;
const SIZE = /^# (\S{1,255}): (\d{1,15}) bytes$/;

/**
 * The checksums by file name. A signature (PGP, clear-signed) is skipped and not verified: fedimg trusts the file
 * as far as its server. A name with two different checksums is left out.
 */
export function parseChecksumFile(text: string): Map<string, FileChecksum> {
  const sums = new Map<string, string | undefined>();
  const sizes = new Map<string, number>();
  for (const line of text.split(/\r?\n/)) {
    const [, sizeOf = '', size = ''] = SIZE.exec(line) ?? [];
    if (sizeOf !== '') sizes.set(sizeOf, Number(size));
    const tagged = TAGGED.exec(line);
    const plain = PLAIN.exec(line);
    const name = tagged?.[1] ?? plain?.[2];
    const sha256 = (tagged?.[2] ?? plain?.[1])?.toLowerCase();
    if (name === undefined || sha256 === undefined) continue;
    sums.set(name, sums.has(name) && sums.get(name) !== sha256 ? undefined : sha256);
  }
  const found = new Map<string, FileChecksum>();
  for (const [name, sha256] of sums) {
    const sizeBytes = sizes.get(name);
    if (sha256 !== undefined) {
      found.set(name, { sha256, ...(sizeBytes === undefined ? {} : { sizeBytes }) });
    }
  }
  return found;
}

interface ImageFile {
  readonly composeId: string;
  readonly label?: string | undefined;
  /** Below the compose: `Cloud/aarch64/images/Fedora-….raw.xz`. */
  readonly path: string;
  readonly arch: string;
}

/**
 * Where pungi puts the CHECKSUM file of an image, the most likely path first. Fedora's configurations of pungi set
 * `media_checksum_base_filename`: one form each for release candidates, Betas and dated composes.
 */
export function checksumPaths({ composeId, label, path, arch }: ImageFile): string[] {
  const id = parseComposeId(composeId);
  const directory = path.slice(0, path.lastIndexOf('/') + 1);
  const [variant = ''] = path.split('/');
  if (id === undefined || directory === '') return [];
  const product = id.short.endsWith(`-${variant}`) ? id.short : `${id.short}-${variant}`;
  const { version, composeType } = id;
  const build = composeId.slice(composeId.indexOf(id.date));
  const byDate = `${product}-${version}-${build}-${arch}`;
  // The word `images` came in 2024.
  const byArch = [
    `${product}-images-${version}-${arch}-${build}`,
    `${product}-${version}-${arch}-${build}`,
  ];
  const names = [
    ...byLabel(label).map((suffix) => `${product}-${version}${suffix}-${arch}`),
    ...(composeType === 'production' ? [byDate, ...byArch] : [...byArch, byDate]),
  ];
  return [...new Set(names)].map((name) => `${directory}${name}-CHECKSUM`);
}

/** `-1.6` for RC-1.6, `_Beta-1.2` for Beta-1.2. */
function byLabel(label: string | undefined): string[] {
  if (label === undefined) return [];
  const dash = label.indexOf('-');
  const [milestone, number] = [label.slice(0, dash), label.slice(dash + 1)];
  return [milestone === 'RC' ? `-${number}` : `_${milestone}-${number}`];
}

/** The image's entry in the first CHECKSUM file that has one; undefined without a file or an entry. */
export async function fetchChecksum(
  location: string,
  file: ImageFile,
  options: FetchMetadataOptions,
): Promise<FileChecksum | undefined> {
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  for (const path of checksumPaths(file)) {
    const text = await fetchIfThere(`${location}/${path}`, options);
    const found = text === undefined ? undefined : parseChecksumFile(text).get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function fetchIfThere(
  url: string,
  options: FetchMetadataOptions,
): Promise<string | undefined> {
  try {
    const bounded = { ...options, maxBytes: CHECKSUM_BYTES_MAX };
    return (await fetchText(url, 'text/plain, */*;q=0.1', bounded)).text;
  } catch (error) {
    if (error instanceof DownloadError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
