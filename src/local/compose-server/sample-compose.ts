/** A pungi compose on disk: two real disk images, other files that must not be picked, and the metadata. */
import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ComposeFile, ComposeStatus, ComposeStatusMessage } from './compose-metadata.js';
import {
  checksumFile,
  composeMetadata,
  composeSerial,
  composeStatusMessage,
  requireComposeId,
} from './compose-metadata.js';
import type { DiskImageOptions, ImageArchitecture } from '../disk-image/disk-image.js';
import { writeDiskImage } from '../disk-image/disk-image.js';
import type { CompressedImage } from '../disk-image/xz-file.js';
import { compressXz } from '../disk-image/xz-file.js';

export interface SampleComposeOptions {
  /** The folder that is served; the compose becomes `<directory>/<composeId>`. */
  directory: string;
  composeId: string;
  /** URL of `directory`, without a slash at its end. */
  baseUrl: string;
  /** Folder for the raw images, which are not served. */
  rawDirectory: string;
  /** Default: both. */
  architectures?: readonly ImageArchitecture[] | undefined;
  /** Default 256 MiB. */
  rawSizeBytes?: number | undefined;
  /** Bytes of each image that are not a hole; default 2 MiB. */
  dataBytes?: number | undefined;
  /** Same seed, same bytes; default: the compose id. */
  seed?: string | undefined;
  /** Makes a raw image and, beside it, the compressed one; default: `makeImage`. */
  makeImage?: ImageMaker | undefined;
  /** Default FINISHED. */
  status?: ComposeStatus | undefined;
  signal?: AbortSignal | undefined;
}

export type ImageMaker = (options: DiskImageOptions) => Promise<CompressedImage>;

export interface SampleImage {
  architecture: ImageArchitecture;
  subvariant: string;
  /** Name of the file without `.raw.xz`. */
  name: string;
  url: string;
  /** The compressed file in the served folder. */
  file: string;
  sizeBytes: number;
  sha256: string;
  rawFile: string;
  rawSizeBytes: number;
  rawSha256: string;
}

export interface SampleCompose {
  composeId: string;
  /** `<directory>/<composeId>`, with `STATUS` and `COMPOSE_ID` in it. */
  directory: string;
  /** URL of the folder `compose`. */
  location: string;
  /** The images that a publisher must pick. */
  images: SampleImage[];
  message: ComposeStatusMessage;
}

const variant = 'Cloud';
const rawSizeDefault = 256 * 1024 * 1024;

/** Writes the whole tree, over an older one of the same id. Makes the images side by side. */
export async function writeSampleCompose(options: SampleComposeOptions): Promise<SampleCompose> {
  const { composeId, baseUrl, status = 'FINISHED' } = options;
  requireComposeId(composeId);
  const directory = path.resolve(options.directory, composeId);
  const location = `${baseUrl}/${composeId}/compose`;
  const metadata = path.join(directory, 'compose', 'metadata');
  await mkdir(metadata, { recursive: true });
  await mkdir(options.rawDirectory, { recursive: true });
  const architectures = options.architectures ?? (['x86_64', 'aarch64'] as const);
  const made = await Promise.all(
    architectures.map((architecture) => writeArchitecture(architecture, directory, options)),
  );

  const files = made.flatMap((one) => one.files);
  for (const [name, content] of Object.entries(composeMetadata(composeId, files))) {
    await writeFile(path.join(metadata, name), `${JSON.stringify(content, null, 2)}\n`);
  }
  await writeFile(path.join(directory, 'COMPOSE_ID'), composeId);
  await writeFile(path.join(directory, 'STATUS'), `${status}\n`);
  return {
    composeId,
    directory,
    location,
    images: made.map(({ image }) => ({ ...image, url: `${location}/${image.url}` })),
    message: composeStatusMessage(composeId, location, status),
  };
}

/** The files of one architecture; the image's `url` is still relative to the compose's location. */
async function writeArchitecture(
  architecture: ImageArchitecture,
  directory: string,
  options: SampleComposeOptions,
): Promise<{ files: ComposeFile[]; image: SampleImage }> {
  const compose = requireComposeId(options.composeId);
  const release = `${compose.version}-${composeSerial(compose)}`;
  const folder = `${variant}/${architecture}/images`;
  const images = path.join(directory, 'compose', folder);
  await mkdir(images, { recursive: true });

  const name = `Fedora-Cloud-Base-AmazonEC2-${release}.${architecture}`;
  const seed = `${options.seed ?? options.composeId}/${architecture}`;
  const image = await writeImage({ architecture, name, seed, images, options });
  const published: ComposeFile = {
    variant,
    architecture,
    subvariant: image.subvariant,
    type: 'raw-xz',
    format: 'raw.xz',
    path: `${folder}/${name}.raw.xz`,
    sizeBytes: image.sizeBytes,
    sha256: image.sha256,
  };
  const files = [published];
  for (const other of unpublished(release, architecture)) {
    const content = Buffer.from(
      `${other.name}: a file beside the images that must not be published\n`,
    );
    await writeFile(path.join(images, other.name), content);
    files.push({
      variant,
      architecture,
      subvariant: other.subvariant,
      type: other.type,
      format: other.format,
      path: `${folder}/${other.name}`,
      sizeBytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    });
  }
  const checksums = `${compose.short}-${release}-${architecture}-CHECKSUM`;
  await writeFile(path.join(images, checksums), checksumFile(files));
  return { files, image: { ...image, url: published.path } };
}

export async function makeImage(options: DiskImageOptions): Promise<CompressedImage> {
  await writeDiskImage(options);
  return compressXz(options.file, { signal: options.signal });
}

async function writeImage(image: {
  architecture: ImageArchitecture;
  name: string;
  seed: string;
  images: string;
  options: SampleComposeOptions;
}): Promise<SampleImage> {
  const { architecture, name, seed, images, options } = image;
  const rawFile = path.resolve(options.rawDirectory, `${name}.raw`);
  const { file, raw, compressed } = await (options.makeImage ?? makeImage)({
    file: rawFile,
    architecture,
    sizeBytes: options.rawSizeBytes ?? rawSizeDefault,
    dataBytes: options.dataBytes,
    seed,
    signal: options.signal,
  });
  const served = path.join(images, `${name}.raw.xz`);
  await rename(file, served);
  return {
    architecture,
    subvariant: 'Cloud_Base',
    name,
    url: '',
    file: served,
    ...compressed,
    rawFile,
    rawSizeBytes: raw.sizeBytes,
    rawSha256: raw.sha256,
  };
}

/** Other files of Fedora's composes: other formats and other subvariants. */
function unpublished(
  release: string,
  architecture: ImageArchitecture,
): { subvariant: string; type: string; format: string; name: string }[] {
  const file = (stem: string, ending: string): string =>
    `Fedora-${stem}-${release}.${architecture}.${ending}`;
  return [
    {
      subvariant: 'Cloud_Base',
      type: 'qcow2',
      format: 'qcow2',
      name: file('Cloud-Base-Generic', 'qcow2'),
    },
    {
      subvariant: 'Cloud_Base',
      type: 'vhd-compressed',
      format: 'vhdfixed.xz',
      name: file('Cloud-Base-Azure', 'vhdfixed.xz'),
    },
    {
      subvariant: 'Cloud_Base_UKI',
      type: 'raw-xz',
      format: 'raw.xz',
      name: file('Cloud-Base-UEFI-UKI', 'raw.xz'),
    },
    {
      subvariant: 'Container_Base',
      type: 'ociarchive',
      format: 'oci.tar.xz',
      name: file('Container-Base-Generic', 'oci.tar.xz'),
    },
  ];
}
