/** fedimg(1), from the definitions of the commands. */

import type {
  CommandShape,
  OptionShape,
  ValueShape,
} from '../../src/commands/shared/command-shape.js';
import { allCommands } from '../../src/commands/shared/command-shape.js';
import { EXIT, EXIT_MEANING } from '../../src/commands/shared/exit-codes.js';
import { literal, page, paragraph, roff, section, subsection, term, title } from './roff.js';

export function commandsPage(program: CommandShape, version: string): string {
  const commands = allCommands(program).filter(
    ({ path, commands: below }) => path.length > 0 && below.length === 0,
  );
  const names = Object.keys(EXIT) as (keyof typeof EXIT)[];
  return page([
    title('fedimg', 1, version),
    section('name'),
    `fedimg \\- ${roff("publishes a distribution's cloud images as public AMIs in every EC2 region")}`,
    section('synopsis'),
    '\\fBfedimg\\fR \\fICOMMAND\\fR [\\fIoptions\\fR]',
    section('description'),
    paragraph(program.description),
    paragraph(
      'Results go to standard output, progress and logs to standard error. Ctrl-C while watching detaches; it does not cancel a run.',
    ),
    section('options of all commands'),
    ...program.options.map(optionTerm),
    section('commands'),
    ...commands.flatMap(commandPart),
    section('exit status'),
    ...names.map((name) => term(String(EXIT[name]), `${EXIT_MEANING[name]}.`)),
    section('environment'),
    ...ENVIRONMENT.map(([name, meaning]) => term(name, meaning)),
    section('files'),
    ...FILES.map(([name, meaning]) => term(name, meaning)),
    section('see also'),
    '.BR fedimg.toml (5),\n.BR temporal (1),\n.BR journalctl (1)',
  ]);
}

function commandPart({
  path,
  arguments: args,
  options,
  description,
  help,
}: CommandShape): string[] {
  const usage = [
    `fedimg ${path.join(' ')}`,
    ...args.map(({ placeholder }) => placeholder),
    ...(options.length === 0 ? [] : ['[options]']),
  ];
  return [
    subsection(usage.join(' ')),
    paragraph(sentence(description)),
    ...args.map((one) => term(one.placeholder, meaningOf(one.description, one))),
    ...options.map(optionTerm),
    ...(help?.notes === undefined ? [] : notes(help.notes)),
    ...(help === undefined ? [] : [paragraph('Examples:'), literal(help.examples)]),
  ];
}

function optionTerm({ short, long, description, value, otherwise }: OptionShape): string {
  const name = [short, long].filter((one) => one !== undefined).join(', ');
  const before = otherwise === undefined ? '' : ` (default: ${otherwise})`;
  const shown = value === undefined ? name : `${name} ${value.placeholder}`;
  return term(shown, `${meaningOf(description, value)}${before}`);
}

function meaningOf(description: string, value: ValueShape | undefined): string {
  const missing = (value?.words ?? []).filter((word) => !description.includes(word));
  const isListed = value === undefined || missing.length === 0 || value.words.length === 1;
  return isListed ? description : `${description}. One of ${value.words.join(', ')}.`;
}

/** A line that is indented in the help is an example, and stays as it is. */
function notes(text: string): string[] {
  const parts: string[] = [];
  let flowing: string[] = [];
  const flush = (): void => {
    if (flowing.length > 0) parts.push(paragraph(flowing.join(' ')));
    flowing = [];
  };
  for (const line of text.split('\n')) {
    if (!line.startsWith('  ')) {
      flowing.push(line);
      continue;
    }
    flush();
    parts.push(literal([line.trim()]));
  }
  flush();
  return parts;
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?)]$/.test(first) ? first : `${first}.`;
}

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  [
    'TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS, TEMPORAL_PROFILE',
    "Temporal's own variables; its profiles are read too.",
  ],
  ['TEMPORAL_UI_URL', 'The address of the Temporal UI, for links.'],
  ['AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL', "The AWS SDK's own variables and profiles."],
  ['HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY', 'The way to AWS and to the image servers.'],
  ['FEDIMG_CONFIG', 'The configuration file.'],
  ['FEDIMG_METRICS', 'Where worker and listener serve metrics.'],
  ['FEDIMG_DEBUG', 'As --verbose.'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'Where traces are sent.'],
  ['NO_COLOR', 'Output without colours.'],
];

const FILES: readonly (readonly [string, string])[] = [
  ['./fedimg.toml, /etc/fedimg.toml', 'The configuration: see fedimg.toml(5).'],
  ['~/.cache/fedimg/', "Temporal's development server, for demo and dev."],
  ['~/.local/state/fedimg/dev/', 'The state of fedimg dev.'],
];
