/** Writes the pages that are made from the code: docs/configuration.md. */

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { configurationPage } from './reference/configuration.js';

const page = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));
await writeFile(page, configurationPage());
