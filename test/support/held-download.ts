/** A download that stands still until the test lets it go: what it does meanwhile may take as long as it takes. */

import type { LocalPublisher } from './local-publisher.js';
import type { OneImage } from './one-image.js';
import { until } from './until.js';

export interface HeldDownload {
  /** Resolves when the instance has a third of the image, behind which nothing comes. */
  readonly reached: () => Promise<void>;
  readonly release: () => void;
}

export function holdDownload(publisher: LocalPublisher, { image, path }: OneImage): HeldDownload {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const afterBytes = Math.ceil(image.sizeBytes / 3);
  publisher.server.setFault(path, { hold: { afterBytes, until: released } });
  const sent = (): number => publisher.server.requests(path).bytes;
  return { reached: () => until('a third is downloaded', () => sent() >= afterBytes), release };
}
