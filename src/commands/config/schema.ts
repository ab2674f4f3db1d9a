/** `fedimg config schema`: the configuration as JSON Schema, for editors. */

import { Command } from 'commander';
import { publishedJsonSchema } from '../../config/json-schema.js';
import { packageVersion } from '../../package-version.js';
import { finish, withHelp } from '../shared/command-help.js';
import { EXIT } from '../shared/exit-codes.js';
import { outputFormat, terminalOf } from '../shared/options.js';

export function schemaCommand(): Command {
  const command = new Command('schema').description(
    'print the JSON Schema of the configuration, for editors',
  );
  withHelp(command, {
    examples: ['fedimg config schema >fedimg.schema.json'],
    notes: `Editors with a TOML language server (taplo, "Even Better TOML") complete and check fedimg.toml when its first line is
  #:schema ./fedimg.schema.json
Rules between keys are not in the schema: \`fedimg config check\` knows them all.`,
  });
  command.action(() => {
    outputFormat(command, ['table', 'json']);
    terminalOf(command).result(JSON.stringify(publishedJsonSchema(packageVersion()), null, 2));
    finish(EXIT.done);
  });
  return command;
}
