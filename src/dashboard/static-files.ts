/** Style, script and icon: read once, the same for the live pages and the static catalogue. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface StaticFile {
  readonly type: string;
  readonly text: string;
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  'style.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

export const STATIC_NAMES: readonly string[] = Object.keys(TYPES);

export function staticFile(name: string): StaticFile {
  const text = readFileSync(new URL(`./static/${name}`, import.meta.url), 'utf8');
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  return { type: TYPES[name] ?? 'text/plain', text, etag };
}
