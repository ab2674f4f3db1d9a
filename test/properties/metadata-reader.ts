/** Reads the metadata at the URL in its arguments, as the worker does, and tells its parent what that took. */

import { fetchMetadata } from '../../src/fetch/fetch-metadata.js';
import { createUrlPolicy } from '../../src/fetch/url-policy.js';

const peakMiB = (): number => process.resourceUsage().maxRSS / 1024;
const url = process.argv[2] ?? '';
// Node, and the compiler that tests run with, are not the document's doing.
const beforeMiB = peakMiB();
let result: string;
try {
  const { sizeBytes } = await fetchMetadata(url, { policy: createUrlPolicy({ allow: [url] }) });
  result = `read ${sizeBytes} bytes`;
} catch (error) {
  result = error instanceof Error ? error.message : String(error);
}
process.send?.({ result, tookMiB: peakMiB() - beforeMiB }, () => process.exit());
