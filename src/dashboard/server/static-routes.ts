/** The style, the script and the icon of the live pages. */

import type { Hono } from 'hono';
import { STATIC_NAMES, staticFile } from '../static-files.js';

export function addStaticFiles(app: Hono): void {
  for (const name of STATIC_NAMES) {
    const { type, text, etag } = staticFile(name);
    app.get(`/static/${name}`, (context) => {
      context.header('cache-control', 'no-cache');
      context.header('etag', etag);
      if (context.req.header('if-none-match') === etag) return context.body(null, 304);
      return context.body(text, 200, { 'content-type': type });
    });
  }
}
