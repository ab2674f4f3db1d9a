/** Before `npm pack`: writes what the package has beside the build: man pages, completions, schema and licences. */

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bashCompletion } from '../src/commands/completion/bash.js';
import { fishCompletion } from '../src/commands/completion/fish.js';
import { zshCompletion } from '../src/commands/completion/zsh.js';
import { createWholeProgram } from '../src/commands/program.js';
import { commandShape } from '../src/commands/shared/command-shape.js';
import { publishedJsonSchema } from '../src/config/json-schema.js';
import { packageVersion } from '../src/package-version.js';
import { noticesText } from './package/notices.js';
import { commandsPage } from './reference/man-commands.js';
import { configurationManual } from './reference/man-configuration.js';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const version = packageVersion();
const program = commandShape(await createWholeProgram(version));

await mkdir(`${dist}man`, { recursive: true });
await mkdir(`${dist}completions`, { recursive: true });
await writeFile(`${dist}man/fedimg.1`, commandsPage(program, version));
await writeFile(`${dist}man/fedimg.toml.5`, configurationManual(version));
await writeFile(`${dist}completions/fedimg.bash`, bashCompletion(program));
await writeFile(`${dist}completions/_fedimg`, zshCompletion(program));
await writeFile(`${dist}completions/fedimg.fish`, fishCompletion(program));
const schema = JSON.stringify(publishedJsonSchema(version), null, 2);
await writeFile(`${dist}fedimg.schema.json`, `${schema}\n`);
await writeFile(`${dist}THIRD-PARTY-NOTICES.txt`, await noticesText());
