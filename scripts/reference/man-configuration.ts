/** fedimg.toml(5), from the model of the configuration. */

import { configJsonSchema, type JsonSchemaNode } from '../../src/config/json-schema.js';
import { isTable, typeOf } from './schema-words.js';
import { literal, page, paragraph, roff, section, term, title } from './roff.js';

export function configurationManual(version: string): string {
  const root = configJsonSchema();
  const entries = Object.entries(root.properties ?? {});
  const top = entries.filter(([, node]) => !isTable(node));
  const tables = entries.filter(([, node]) => isTable(node));
  return page([
    title('fedimg.toml', 5, version),
    section('name'),
    `fedimg.toml \\- ${roff('the configuration of fedimg')}`,
    section('description'),
    paragraph(
      'fedimg reads the file of --config, else of FEDIMG_CONFIG, else ./fedimg.toml, else /etc/fedimg.toml. It is TOML 1.0. Only [[amis]] and test.script are required. An unknown key is an error.',
    ),
    paragraph('A duration is 90s, 30m, 2h or 1h30m. Paths are relative to the file.'),
    section('at the top of the file'),
    ...top.map(keyTerm),
    ...tables.flatMap(([name, node]) => tablePart(name, node)),
    section('example'),
    literal(EXAMPLE),
    section('see also'),
    '.BR fedimg (1)',
  ]);
}

function tablePart(name: string, node: JsonSchemaNode): string[] {
  const item = node.items?.properties === undefined ? node : node.items;
  const entries = Object.entries(item.properties ?? {});
  return [
    section(item === node ? `[${name}]` : `[[${name}]]`),
    paragraph(node.description ?? ''),
    ...entries.filter(([, child]) => !isTable(child)).map(keyTerm),
    ...entries
      .filter(([, child]) => isTable(child))
      .flatMap(([key, child]) => tablePart(`${name}.${key}`, child)),
  ];
}

function keyTerm([key, node]: readonly [string, JsonSchemaNode]): string {
  const otherwise =
    node.default === undefined ? '' : ` The default is ${JSON.stringify(node.default)}.`;
  const meaning = node.description ?? '';
  const end = meaning === '' || meaning.endsWith('.') ? '' : '.';
  return term(key, `${meaning}${end} Type: ${typeOf(node)}.${otherwise}`);
}

const EXAMPLE = [
  '[[amis]]',
  'region = "us-east-1"',
  'ami = "al2023"',
  'arch = "x86_64"',
  '',
  '[test]',
  'script = "/etc/fedimg/smoke.sh"',
];
