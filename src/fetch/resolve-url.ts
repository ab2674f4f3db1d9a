/** Follows the redirects of a URL, for a downloader that follows none itself. */

import type { HttpSessionOptions } from './http-session.js';
import { createHttpSession } from './http-session.js';

/**
 * The URL behind all redirects, each of which the policy allows. The downloader judges what it answers. Throws `UrlRefusedError` or `DownloadError`.
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
