/** The raw size of an image, read before its download. */

import type { ComposeImage } from '../../model/compose/compose.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import { RangesUnsupportedError } from '../../fetch/errors.js';
import { readXzIndex } from '../../fetch/xz-index.js';
import type { PlanContext } from './plan-context.js';

export interface ImageSize {
  /** Undefined when the server answers no range requests; the configured size is used then. */
  readonly rawSizeBytes: number | undefined;
  readonly compressedSizeBytes: number | undefined;
  /** After redirects; the allow-list has passed each of them. */
  readonly url: string;
}

export async function readImageSize(
  { config, urlPolicy }: PlanContext,
  { url, sizeBytes: announcedBytes }: Pick<ComposeImage, 'url' | 'sizeBytes'>,
  signal: AbortSignal,
): Promise<ImageSize> {
  try {
    const { maxRawSizeBytes } = config.source;
    const sizes = await readXzIndex(url, { policy: urlPolicy, signal, maxRawSizeBytes });
    if (sizes.rawSizeBytes === 0) throw unusable(`${url} holds an empty image`);
    const { rawSizeBytes, compressedSizeBytes } = sizes;
    if (announcedBytes > 0 && compressedSizeBytes !== announcedBytes) {
      throw unusable(
        `${url} has ${compressedSizeBytes} bytes; the metadata of its compose says ${announcedBytes}`,
      );
    }
    return { rawSizeBytes, compressedSizeBytes, url: sizes.url };
  } catch (error) {
    if (!(error instanceof RangesUnsupportedError)) throw error;
    const compressedSizeBytes = announcedBytes > 0 ? announcedBytes : undefined;
    return { rawSizeBytes: undefined, compressedSizeBytes, url: error.url };
  }
}

function unusable(message: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, message, {
    code: 'image-size',
    class: 'refused',
    next: 'Compare the file on the server with the metadata of the compose, and correct the wrong one.',
  });
}
