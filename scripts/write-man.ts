/** Writes dist/man/fedimg.1 and dist/man/fedimg.toml.5, which npm installs with the package. */

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createWholeProgram } from '../src/commands/program.js';
import { commandShape } from '../src/commands/shared/command-shape.js';
import { packageVersion } from '../src/package-version.js';
import { commandsPage } from './reference/man-commands.js';
import { configurationManual } from './reference/man-configuration.js';

const folder = fileURLToPath(new URL('../dist/man/', import.meta.url));
const version = packageVersion();
const program = commandShape(await createWholeProgram(version));
await mkdir(folder, { recursive: true });
await writeFile(`${folder}fedimg.1`, commandsPage(program, version));
await writeFile(`${folder}fedimg.toml.5`, configurationManual(version));
