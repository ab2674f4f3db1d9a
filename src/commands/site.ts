/** `fedimg site`: the AMI catalogue as static files. */

import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { siteFiles } from '../dashboard/site/site-pages.js';
import { ForeignFileError, writeSite } from '../dashboard/site/write-site.js';
import { printable } from '../model/printable.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT, type ExitCode } from './shared/exit-codes.js';
import { configSource, outputFormat, terminalOf } from './shared/options.js';
import { CommandError } from './shared/problem.js';
import { parseWebUrl } from './shared/web-options.js';
import type { AmiSource } from './view/ami-source.js';
import { AMI_SOURCES, readFromEc2, readFromTemporal } from './view/ami-source.js';

interface SiteOptions {
  readonly from: AmiSource;
  readonly baseUrl?: URL;
}

export function createCommand(): Command {
  const from = new Option('--from <source>', 'read the histories in Temporal, or the tags in EC2');
  const command = new Command('site')
    .argument('<dir>', 'the folder; it is made when it does not exist')
    .addOption(from.choices(AMI_SOURCES).default('temporal'))
    .option('--base-url <url>', 'where the site is served, for the links of the feed', parseWebUrl);
  withHelp(command, {
    examples: [
      'fedimg site /var/www/amis --base-url https://example.org/amis/',
      'fedimg site ./amis --from ec2   # without Temporal, also AMIs older than its retention',
    ],
    notes: `Writes index.html, a page for each image and each region, amis.json and feed.atom. It lists public AMIs only.
Any web server can serve the folder. A second run replaces each file at once and removes the pages that are not needed
any more; files that fedimg did not write stay untouched, and one that is in the way is an error.`,
  });
  command.action(async (directory: string, options: SiteOptions) => {
    finish(await run(command, directory, options));
  });
  return command;
}

async function run(
  command: Command,
  directory: string,
  { from, baseUrl }: SiteOptions,
): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'json', 'jsonl']);
  const terminal = terminalOf(command);
  const read =
    from === 'ec2'
      ? await readFromEc2(configSource(command), {})
      : await readFromTemporal(configSource(command), {});
  for (const note of read.notes) terminal.note(printable(note));
  // A page without the AMIs of a region that did not answer would say that it has none.
  if (read.exitCode !== EXIT.done) {
    throw new CommandError({
      what: `${directory} is not changed, because the list of AMIs is incomplete`,
      next: 'Run the command again when all regions answer.',
      exitCode: read.exitCode,
    });
  }
  const files = siteFiles({
    records: read.records,
    baseUrl: baseUrl?.href,
  });
  const path = resolve(directory);
  try {
    const written = await writeSite(path, files);
    if (format === 'table') terminal.result(path);
    else
      terminal.result(
        JSON.stringify({ directory: path, ...written }, null, format === 'json' ? 2 : 0),
      );
    terminal.note(`${written.files} files written, ${written.removed} removed`);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof ForeignFileError)) throw error;
    throw new CommandError(
      {
        what: error.message,
        next: 'Choose an empty folder, or move that file away.',
        exitCode: EXIT.usage,
      },
      { cause: error },
    );
  }
}
