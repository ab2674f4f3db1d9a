/** The metadata of a compose and its status message, as pungi (productmd) writes them. */
import type { ComposeId } from '../../model/compose/compose.js';
import { parseComposeId } from '../../model/compose/compose.js';
import type { ImageArchitecture } from '../disk-image/boot-programs.js';

export type ComposeStatus =
  'STARTED' | 'FINISHED' | 'FINISHED_INCOMPLETE' | 'DOOMED' | 'TERMINATED';

/** Body of `pungi.compose.status.change`. */
export interface ComposeStatusMessage {
  status: ComposeStatus;
  compose_id: string;
  location: string;
  compose_date: string;
  compose_type: string;
  compose_respin: number;
  compose_label: string | null;
  release_short: string;
  release_name: string;
  release_version: string;
  release_type: string;
  release_is_layered: boolean;
}

/** One file of a compose, as its `images.json` describes it. */
export interface ComposeFile {
  variant: string;
  architecture: ImageArchitecture;
  subvariant: string;
  /** productmd's `type` and `format`: `raw-xz` and `raw.xz` for an image that becomes an AMI. */
  type: string;
  format: string;
  /** Relative to the compose's location. */
  path: string;
  sizeBytes: number;
  sha256: string;
}

/** The id in its parts; throws when it is not a compose id. */
export function requireComposeId(composeId: string): ComposeId {
  const parsed = parseComposeId(composeId);
  if (parsed === undefined) {
    throw new Error(
      `${composeId} is not a compose id. It must look like Fedora-Cloud-43-20251021.0: ` +
        'short name, version, date, and the number of the respin.',
    );
  }
  return parsed;
}

/** Date, type suffix and respin as in the id and in file names: `20251021.n.0`. */
export function composeSerial(compose: ComposeId): string {
  return compose.id.slice(compose.id.lastIndexOf(`-${compose.date}`) + 1);
}

/** The message that pungi sends when the compose at `location` gets this status. */
export function composeStatusMessage(
  composeId: string,
  location: string,
  status: ComposeStatus,
): ComposeStatusMessage {
  const compose = requireComposeId(composeId);
  return {
    status,
    compose_id: compose.id,
    location,
    compose_date: compose.date,
    compose_type: compose.composeType,
    compose_respin: compose.respin,
    compose_label: labelOf(compose),
    release_short: compose.short,
    release_name: compose.short,
    release_version: compose.version,
    release_type: compose.releaseType,
    release_is_layered: false,
  };
}

/** Contents of the files in `compose/metadata`, by name. */
export function composeMetadata(
  composeId: string,
  files: readonly ComposeFile[],
): Record<'composeinfo.json' | 'images.json' | 'rpms.json', unknown> {
  const compose = requireComposeId(composeId);
  const { date, id, respin, composeType: type } = compose;
  const head = { date, id, respin, type };
  const images = byVariantAndArch(files, (inside) => inside.map((file) => imageEntry(file, date)));
  return {
    'composeinfo.json': {
      header: { type: 'productmd.composeinfo', version: '1.2' },
      payload: composeInfo(compose, files),
    },
    'images.json': {
      header: { type: 'productmd.images', version: '1.2' },
      payload: { compose: head, images },
    },
    'rpms.json': {
      header: { type: 'productmd.rpms', version: '1.2' },
      payload: { compose: head, rpms: byVariantAndArch(files, () => ({})) },
    },
  };
}

/** Text of a CHECKSUM file without its signature. */
export function checksumFile(files: readonly ComposeFile[]): string {
  return files
    .map((file) => {
      const name = file.path.slice(file.path.lastIndexOf('/') + 1);
      return `# ${name}: ${file.sizeBytes} bytes\nSHA256 (${name}) = ${file.sha256}\n`;
    })
    .join('');
}

function composeInfo(compose: ComposeId, files: readonly ComposeFile[]): Record<string, unknown> {
  const { date, id, respin, composeType: type } = compose;
  const label = labelOf(compose);
  const folders = byVariantAndArch(files, (_, folder) => folder);
  return {
    compose: { date, id, respin, type, ...(label === null ? {} : { final: false, label }) },
    release: {
      internal: false,
      name: compose.short,
      short: compose.short,
      type: compose.releaseType,
      version: compose.version,
    },
    variants: Object.fromEntries(
      Object.entries(folders).map(([variant, images]) => [
        variant,
        {
          arches: Object.keys(images),
          id: variant,
          name: variant,
          paths: { images },
          type: 'variant',
          uid: variant,
        },
      ]),
    ),
  };
}

/** productmd's nesting: `{Cloud: {aarch64: …, x86_64: …}}`. */
function byVariantAndArch<T>(
  files: readonly ComposeFile[],
  value: (inside: ComposeFile[], folder: string) => T,
): Record<string, Record<string, T>> {
  const nested: Record<string, Record<string, T>> = {};
  for (const { variant, architecture } of files) {
    const inside = files.filter(
      (file) => file.variant === variant && file.architecture === architecture,
    );
    (nested[variant] ??= {})[architecture] = value(inside, `${variant}/${architecture}/images`);
  }
  return nested;
}

function imageEntry(file: ComposeFile, date: string): Record<string, unknown> {
  const midnight = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T00:00:00Z`;
  return {
    arch: file.architecture,
    bootable: false,
    checksums: { sha256: file.sha256 },
    disc_count: 1,
    disc_number: 1,
    format: file.format,
    implant_md5: null,
    mtime: Date.parse(midnight) / 1000,
    path: file.path,
    size: file.sizeBytes,
    subvariant: file.subvariant,
    type: file.type,
    volume_id: null,
  };
}

/** Only production composes have a label. */
function labelOf(compose: ComposeId): string | null {
  return compose.composeType === 'production' ? `RC-${compose.date}.${compose.respin}` : null;
}
