/** The images of a compose: reads its `images.json`, and trusts it as far as the grammar goes. */
import { z } from 'zod';
import type { ComposeImage } from '../model/compose/compose.js';
import { normalizeLocation } from '../model/compose/compose-message.js';
import {
  selectImages,
  type ImageSelection,
  type ProductmdImage,
  type SelectedImages,
} from '../model/compose/productmd.js';
import { fetchChecksum, type FileChecksum } from './checksum-file.js';
import { MetadataError, UrlRefusedError } from './errors.js';
import { fetchMetadata, type FetchMetadataOptions } from './fetch-metadata.js';
import { printableUrl } from '../model/printable.js';

export interface ReadComposeImages {
  composeId: string;
  /** URL of the compose's tree. */
  location: string;
  /** `RC-1.7`; CHECKSUM files are named after it. */
  label?: string | undefined;
  selection: ImageSelection;
}

/** One an image; metadata that lacks more is no compose's. */
const CHECKSUM_FILES_MAX = 8;

/** The images that are there, and what is wanted and not there. */
export interface ComposeImages {
  images: ComposeImage[];
  absent: SelectedImages['absent'];
}

/** Entries stay `unknown` here: only those that are selected are judged, by the model's own grammar. */
const imagesJson = z.object({
  header: z.object({
    type: z.literal('productmd.images', { error: 'is not "productmd.images"' }).optional(),
    version: z.string().regex(/^1\.\d+$/, 'is no version 1.x of the format'),
  }),
  payload: z.object({
    compose: z.object({ id: z.string() }),
    images: z.record(
      z.string(),
      z.record(z.string(), z.array(z.record(z.string(), z.unknown())).max(10_000)),
    ),
  }),
});

/**
 * Reads and selects the images of a compose. An empty `images` is no error: `absent` says what
 * was wanted. Throws `MetadataError` for metadata of another compose or that breaks the grammar.
 */
export async function readComposeImages(
  request: ReadComposeImages,
  options: FetchMetadataOptions,
): Promise<ComposeImages> {
  const location = normalizeLocation(request.location);
  if (location === undefined) {
    throw new UrlRefusedError(
      'URL_REFUSED',
      `the location ${printableUrl(request.location)} is no plain http or https URL`,
      { next: 'have the compose announced with the URL of its tree' },
    );
  }
  const url = `${location}/metadata/images.json`;
  const { value } = await fetchMetadata(url, options);
  const shown = printableUrl(url);
  const entries = imageEntries(value, request.composeId, shown);
  const selected = selectImages(entries, request.selection, location);
  if (selected.unchecked.length === 0) return usable(selected, shown);
  const checksums = new Map<string, FileChecksum>();
  for (const { path, arch } of selected.unchecked.slice(0, CHECKSUM_FILES_MAX)) {
    const found = await fetchChecksum(location, { ...request, path, arch }, options);
    if (found !== undefined) checksums.set(path, found);
  }
  return usable(selectImages(entries, request.selection, location, checksums), shown);
}

/** The same for metadata that has been fetched; `shown` names it in errors. */
export function pickComposeImages(
  value: unknown,
  { composeId, location, selection }: ReadComposeImages,
  shown: string,
): ComposeImages {
  return usable(selectImages(imageEntries(value, composeId, shown), selection, location), shown);
}

/** All images of the document, if it is one, and one of this compose. */
function imageEntries(value: unknown, composeId: string, shown: string): ProductmdImage[] {
  const parsed = imagesJson.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.').slice(0, 120) ?? '';
    throw invalid(`${shown} is no productmd image list: ${where}: ${issue?.message ?? ''}`);
  }
  const { compose, images } = parsed.data.payload;
  if (compose.id !== composeId) {
    throw new MetadataError(
      'COMPOSE_MISMATCH',
      `${shown} belongs to another compose than ${composeId}: ${JSON.stringify(compose.id.slice(0, 100))}`,
      { next: 'the location may be a link that has moved on; signal the compose by its own URL' },
    );
  }
  return Object.values(images).flatMap((byArch) => Object.values(byArch).flat());
}

function usable({ images, absent, problems }: SelectedImages, shown: string): ComposeImages {
  if (problems.length > 0) throw invalid(`${shown}: ${problems.join('; ')}`);
  return { images, absent };
}

function invalid(message: string): MetadataError {
  return new MetadataError('METADATA_INVALID', message, {
    next: 'have the metadata of the compose corrected; nothing has been launched',
  });
}
