/** Where a URL leads to, for a downloader that follows no redirects itself. */

import type { HttpSessionOptions } from './http-session.js';
import { createHttpSession } from './http-session.js';

/**
 * The URL behind all redirects, each of which the policy has passed; what it answers is for the downloader to
 * judge. Throws `UrlRefusedError` or `DownloadError`.
 */
export async function resolveUrl(url: string, options: HttpSessionOptions): Promise<string> {
  const session = createHttpSession(options);
  try {
    const response = await session.get(url, { range: 'bytes=0-0' });
    await response.peek(1);
    return response.url;
  } finally {
    session.close();
  }
}
