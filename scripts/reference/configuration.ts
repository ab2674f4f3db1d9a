/** docs/configuration.md from the model: each key with its type, its default and its meaning. */

import { configJsonSchema, type JsonSchemaNode } from '../../src/config/json-schema.js';
import { isTable, typeOf } from './schema-words.js';

const HEAD = `# Configuration reference

Written from the model by \`npx tsx scripts/write-reference.ts\`; do not edit it. [fedimg.sample.toml](../fedimg.sample.toml) has the same
keys as a file, with longer explanations.

fedimg reads \`--config FILE\`, else \`$FEDIMG_CONFIG\`, else \`./fedimg.toml\`, else \`/etc/fedimg.toml\`. Only \`[[amis]]\` and \`test.script\` are
required. An unknown key is an error.

| Command | Does |
|---|---|
| \`fedimg config check\` | reports every mistake with its line, without Temporal and AWS |
| \`fedimg config show\` | prints the configuration in effect, and where each value comes from |
| \`fedimg config schema\` | prints the JSON Schema for editors; put \`#:schema ./fedimg.schema.json\` into the first line of fedimg.toml |
| \`fedimg config import FILE\` | converts the configuration of the old fedimg |

A duration is \`90s\`, \`30m\`, \`2h\` or \`1h30m\`; its units are \`ms\`, \`s\`, \`m\`, \`h\` and \`d\`. Paths are relative to the file.
`;

/** Variables of the environment that change what a key says, or stand in for it. */
const VARIABLES: readonly (readonly [string, string])[] = [
  ['`FEDIMG_CONFIG`', 'the configuration file, where `--config` is not given'],
  [
    '`FEDIMG_METRICS`',
    'comes before `metrics.worker` and `metrics.listener`; `--metrics` comes before it',
  ],
  ['`FEDIMG_NOTIFY_WEBHOOK_SECRET`', 'the secret, where `notify.webhook.secret_file` is not set'],
  ['`FEDIMG_NOTIFY_MAIL_PASSWORD`', 'the password, where `notify.mail.password_file` is not set'],
  ['`FEDIMG_DEBUG`', 'as `--verbose`: all details of an error'],
  [
    '`TEMPORAL_*`',
    "Temporal's own: address, namespace, TLS, API key, profile; `TEMPORAL_UI_URL` for links",
  ],
  ['`AWS_*`', "the AWS SDK's own: credentials, profile, endpoints"],
];

export function configurationPage(): string {
  const root = configJsonSchema();
  const entries = Object.entries(root.properties ?? {});
  const top = entries.filter(([, node]) => !isTable(node));
  return [
    HEAD,
    '## At the top of the file\n',
    ...keyTable(root, top),
    ...entries.filter(([, node]) => isTable(node)).flatMap(([key, node]) => section(key, node)),
    '## Environment\n',
    '| Variable | |\n|---|---|',
    ...VARIABLES.map(([name, meaning]) => `| ${name} | ${meaning} |`),
    '',
  ].join('\n');
}

function section(name: string, node: JsonSchemaNode): string[] {
  const item = node.items?.properties === undefined ? node : node.items;
  const heading = item === node ? `[${name}]` : `[[${name}]]`;
  const entries = Object.entries(item.properties ?? {});
  const own = entries.filter(([, child]) => !isTable(child));
  const within = entries.filter(([, child]) => isTable(child));
  return [
    `## \`${heading}\`\n`,
    `${node.description ?? ''}\n`,
    ...(own.length === 0 ? [] : keyTable(item, own)),
    ...within.flatMap(([key, child]) => section(`${name}.${key}`, child)),
  ];
}

function keyTable(
  table: JsonSchemaNode,
  entries: readonly (readonly [string, JsonSchemaNode])[],
): string[] {
  const required = Array.isArray(table['required']) ? (table['required'] as string[]) : [];
  const rows = entries.map(([key, node]) => {
    const otherwise =
      node.default === undefined ? (required.includes(key) ? 'required' : '') : code(node.default);
    return `| \`${key}\` | ${typeCell(node)} | ${otherwise} | ${escaped(node.description ?? '')} |`;
  });
  return ['| Key | Type | Default | Meaning |\n|---|---|---|---|', ...rows, ''];
}

/** Quoted words look like code. */
function typeCell(node: JsonSchemaNode): string {
  return escaped(typeOf(node)).replace(/"[^"]*"/g, (word) => `\`${word}\``);
}

function code(value: unknown): string {
  return `\`${escaped(JSON.stringify(value))}\``;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
