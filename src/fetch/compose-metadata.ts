/** Reads the images of a compose from its `images.json`; every value is checked against a grammar. */
import { z } from 'zod';
import type { ComposeImage } from '../model/compose/compose.js';
import { normalizeLocation } from '../model/compose/compose-message.js';
import type { ProductmdImage } from '../model/compose/image-location.js';
import {
  selectImages,
  type ImageSelection,
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
  /** `RC-1.7`; it is part of the names of CHECKSUM files. */
  label?: string | undefined;
  selection: ImageSelection;
}

/** One for each image; a compose has fewer images. */
const CHECKSUM_FILES_MAX = 8;

/** The selected images, and those that the compose lacks. */
export interface ComposeImages {
  images: ComposeImage[];
  absent: SelectedImages['absent'];
}

/** Entries stay `unknown` here: the model checks the selected ones against its own grammar. */
const imagesJson = z.object({
  header: z.object({
    type: z.literal('productmd.images', { error: 'is not "productmd.images"' }).optional(),
    version: z
      .string()
      .regex(/^[12]\.\d{1,3}$/, 'is not a version that fedimg reads; it reads 1.x and 2.x'),
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
 * Reads and selects the images of a compose. `images` may be empty: `absent` lists what the selection
 * wants and the compose lacks. Throws `MetadataError` for metadata of another compose or that breaks the grammar.
 */
export async function readComposeImages(
  request: ReadComposeImages,
  options: FetchMetadataOptions,
): Promise<ComposeImages> {
  const location = normalizeLocation(request.location);
  if (location === undefined) {
    throw new UrlRefusedError(
      'URL_REFUSED',
      `the location ${printableUrl(request.location)} is not a plain http or https URL`,
      { next: 'announce the compose with the URL of its tree' },
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

/** All images of the document; `shown` names it in errors. Throws `MetadataError` for that of another compose. */
export function imageEntries(value: unknown, composeId: string, shown: string): ProductmdImage[] {
  const parsed = imagesJson.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.').slice(0, 120) ?? '';
    throw invalid(`${shown} is not a productmd image list: ${where}: ${issue?.message ?? ''}`);
  }
  const { compose, images } = parsed.data.payload;
  if (compose.id !== composeId) {
    throw new MetadataError(
      'COMPOSE_MISMATCH',
      `${shown} does not belong to ${composeId} but to ${JSON.stringify(compose.id.slice(0, 100))}`,
      {
        next: 'the location may be a link that now leads to another compose; signal the compose with its own URL',
      },
    );
  }
  return Object.values(images).flatMap((byArch) => Object.values(byArch).flat());
}

/** Throws `MetadataError` for a selection with problems. */
export function usable({ images, absent, problems }: SelectedImages, shown: string): ComposeImages {
  if (problems.length > 0) throw invalid(`${shown}: ${problems.join('; ')}`);
  return { images, absent };
}

function invalid(message: string): MetadataError {
  return new MetadataError('METADATA_INVALID', message, {
    next: 'have the metadata of the compose corrected; fedimg has launched no instance',
  });
}
