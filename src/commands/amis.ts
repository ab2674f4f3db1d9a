/** `fedimg amis`: the published AMIs, the reasons for missing ones, and code for tools that look AMIs up. */

import { Command, Option } from 'commander';
import { amiRow } from '../client/amis.js';
import type { Arch } from '../model/compose/compose.js';
import { byPresence, imageKeyOf, inOrder } from '../model/catalogue/catalogue.js';
import type { Milestone } from '../model/catalogue/fedora-websites.js';
import { fedoraWebsites, parseMilestone } from '../model/catalogue/fedora-websites.js';
import type { AmiRecord } from '../model/progress/progress.js';
import { variantKey } from '../model/ids/variant.js';
import { printRows, ROW_FORMATS } from './view/ami-output.js';
import { SNIPPET_FORMATS, snippetLines } from './view/ami-snippets.js';
import type { AmiSource, Read } from './view/ami-source.js';
import { AMI_SOURCES, readFromEc2, readFromTemporal } from './view/ami-source.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT, type ExitCode } from './shared/exit-codes.js';
import { printable } from '../model/printable.js';
import {
  configSource,
  outputFormat,
  parseArch,
  parseVariant,
  terminalOf,
} from './shared/options.js';
import { CommandError, usageError } from './shared/problem.js';
import type { Terminal } from './view/terminal.js';

interface AmisOptions {
  readonly from: AmiSource;
  readonly compose?: string;
  readonly release?: string;
  readonly arch?: Arch;
  readonly region?: string;
  readonly variant?: string;
  readonly ga?: Milestone;
  readonly beta?: Milestone;
}

const WEBSITES_FORMATS = ['fedora-websites', 'ga'] as const;
const FORMATS = [...ROW_FORMATS, ...WEBSITES_FORMATS, ...SNIPPET_FORMATS] as const;
type Format = (typeof FORMATS)[number];

export function createCommand(): Command {
  const from = new Option('--from <source>', 'read the histories in Temporal, or the tags in EC2');
  const command = new Command('amis')
    .addOption(from.choices(AMI_SOURCES).default('temporal'))
    .option('--compose <id>', 'only AMIs of this compose, or of @latest')
    .option('--release <release>', 'only AMIs of this release')
    .option('--arch <arch>', 'only AMIs for this architecture', parseArch)
    .option('--region <region>', 'only AMIs in this region')
    .option('--variant <variant>', 'only AMIs of this variant, such as hvm-gp2', parseVariant)
    .option('--ga <candidate>', 'for -o fedora-websites: the release, such as 43-1.6', milestone)
    .option('--beta <candidate>', 'for -o fedora-websites: the Beta, such as 44-1.2', milestone);
  withHelp(command, {
    examples: [
      'fedimg amis --compose @latest',
      'fedimg amis --release 43 --region eu-central-1 -o name',
      "fedimg amis -o json | jq -r '.[] | select(.public) | [.region, .ami] | @tsv'",
      'fedimg amis -o fedora-websites --ga 43-1.6 --beta 44-1.2   # the list of fedoraproject.org/cloud',
      'fedimg amis --release 43 -o terraform                      # or aws-cli, or ansible',
      'fedimg amis --from ec2                                     # without Temporal',
    ],
    notes: `Formats (-o): ${FORMATS.join(', ')} (ga is short for fedora-websites).
A missing AMI has \`ami: null\` and a \`reason\`. An image without any AMI has no row: see \`fedimg status\`.
For runs that have ended, both sources give the same answer. Temporal forgets runs after its retention; tags stay.

fedora-websites prints {"ga":{ARCH:{REGION:AMI}},"beta":{...}} with the public AMIs of Cloud_Base. GA means composes
with a label RC-x.y, Beta those with Beta-x.y. It takes the last candidate of the newest release, or the one of --ga
or --beta. fedora-websites, terraform, aws-cli and ansible list one variant for each image: that of --variant, else the
one in the most regions, else the first of hvm-gp3, hvm-gp2, hvm-standard. terraform, aws-cli and ansible also know
paravirtual variants. They look up the newest public image of each release and architecture by its owner and exact
name; a comment names the regions that lack it.`,
  });
  command.action(async (options: AmisOptions) => finish(await run(command, options)));
  return command;
}

function milestone(text: string): Milestone {
  const found = parseMilestone(text);
  if (found !== undefined) return found;
  throw usageError(`${text} is not a candidate`, 'Write release and candidate, such as 43-1.6.');
}

async function run(command: Command, options: AmisOptions): Promise<ExitCode> {
  const format = outputFormat(command, FORMATS);
  if ((options.ga ?? options.beta) !== undefined && !isWebsites(format)) {
    throw usageError('--ga and --beta need -o fedora-websites');
  }
  const terminal = terminalOf(command);
  const read =
    options.from === 'ec2'
      ? await readFromEc2(configSource(command), options)
      : await readFromTemporal(configSource(command), options);
  const { present, absent } = byPresence(read.records);
  for (const note of [...read.notes, ...absentNotes(absent)]) terminal.note(printable(note));
  const selected = inOrder(present).filter(
    (record) =>
      (options.region === undefined || record.region === options.region) &&
      (options.variant === undefined || variantKey(record) === options.variant),
  );
  const found = print(terminal, { format, options, selected, read });
  // A region that does not answer may have AMIs, so do not report that there are none.
  if (found || read.exitCode !== EXIT.done) return read.exitCode;
  const isFiltered = Object.keys(options).length > 1;
  const isListing = !isWebsites(format) && !isSnippet(format);
  if (isListing && !isFiltered) {
    if (format === 'table') terminal.note('No AMIs yet.');
    return EXIT.done;
  }
  throw nothingFound(format, options.from);
}

interface Answer {
  readonly format: Format;
  readonly options: AmisOptions;
  readonly selected: readonly AmiRecord[];
  readonly read: Read;
}

/** Prints the answer and returns whether it has AMIs; JSON is also printed when it has none. */
function print(terminal: Terminal, { format, options, selected, read }: Answer): boolean {
  if (isWebsites(format)) {
    const list = fedoraWebsites(selected, options);
    terminal.result(JSON.stringify(list, null, 2));
    const byArch = [list.ga, list.beta].flatMap((stage) => Object.values(stage));
    return byArch.some((amis) => Object.keys(amis).length > 0);
  }
  if (isSnippet(format)) {
    const lines = snippetLines(selected, format);
    if (lines.length > 0) terminal.result(lines.join('\n'));
    return lines.length > 0;
  }
  const rows = selected.map((record) => amiRow(record, read.linkOf));
  if (rows.length > 0 || format === 'json') printRows(terminal, format, rows);
  return rows.length > 0;
}

function isWebsites(format: Format): format is (typeof WEBSITES_FORMATS)[number] {
  return (WEBSITES_FORMATS as readonly string[]).includes(format);
}

function isSnippet(format: Format): format is (typeof SNIPPET_FORMATS)[number] {
  return (SNIPPET_FORMATS as readonly string[]).includes(format);
}

/** Leaves room for the AMIs on a terminal. */
const ABSENT_NOTED_MAX = 5;

/** Images without AMIs (running or failed), each with one of its reasons. */
function absentNotes(absent: readonly AmiRecord[]): string[] {
  const images = new Map(absent.map((record) => [imageKeyOf(record), record]));
  const notes = [...images.values()].map(({ image, arch, reason }) => {
    const why = reason === undefined ? '' : `: ${reason}`;
    return `${image} (${arch}) has no AMI${why}`;
  });
  const more = notes.length - ABSENT_NOTED_MAX;
  const rest = more > 0 ? [`... and ${more} more images have no AMI; see \`fedimg status\``] : [];
  return [...notes.slice(0, ABSENT_NOTED_MAX), ...rest];
}

function nothingFound(format: Format, from: AmiSource): CommandError {
  const what = isWebsites(format)
    ? 'no public AMI of Cloud_Base in this variant has the label of a release or a Beta'
    : `no ${isSnippet(format) ? 'public ' : ''}AMI matches`;
  const other =
    from === 'temporal'
      ? ' Temporal forgets runs after its retention; --from ec2 reads the tags of the AMIs.'
      : ' This shows only the deployment of the configuration; name the right file with --config.';
  const next = `List all with \`fedimg amis\`; \`fedimg status\` shows what is running.${other}`;
  return new CommandError({ what, next, exitCode: EXIT.notFound });
}
