/** The configuration as it is in effect: each key with its value, as the file would have it, and where that comes from. */
import { dirname } from 'node:path';
import { redacted } from '../model/redact.js';
import { isRecord } from './cross-check.js';
import { filePath } from './file-path.js';
import { configJsonSchema, type JsonSchemaNode } from './json-schema.js';
import type { LoadedConfig } from './load.js';
import { formatKey } from './problems.js';

/** `set`: the file has it. `derived`: fedimg chooses it by other keys. `unset`: it has no value. */
export type ValueSource = 'set' | 'default' | 'derived' | 'environment' | 'unset';

export interface EffectiveValue {
  readonly path: readonly (string | number)[];
  /** As `amis[0].region`. */
  readonly key: string;
  /** Null where the key has no value. Secrets are redacted. */
  readonly value: unknown;
  readonly from: ValueSource;
  /** In the file. */
  readonly line?: number;
  /** Of `derived` and `environment`: by what. */
  readonly by?: string;
}

type Path = readonly (string | number)[];

/** In the order of the model. */
export function effectiveValues(loaded: LoadedConfig, env: NodeJS.ProcessEnv): EffectiveValue[] {
  return leaves(configJsonSchema(), loaded.document.value, []).map(({ path, node }) => {
    const key = formatKey(path);
    const found = valueOf(loaded, { path, node, key }, env);
    return { path, key, ...found, value: shown(key, found.value) };
  });
}

interface Leaf {
  readonly path: Path;
  readonly node: JsonSchemaNode;
}

/** The keys of the model, with the items of `[[amis]]` and the keys of `[tags]` that the file has. */
function leaves(node: JsonSchemaNode, written: unknown, path: Path): Leaf[] {
  if (node.properties !== undefined) {
    const table = isRecord(written) ? written : {};
    // A table's own keys stand before the tables within it: TOML cannot return to a table.
    const entries = Object.entries(node.properties);
    const [own, within] = [entries.filter((one) => !isTable(one)), entries.filter(isTable)];
    return [...own, ...within].flatMap(([key, child]) => leaves(child, table[key], [...path, key]));
  }
  if (node.items?.properties !== undefined) {
    const items = Array.isArray(written) ? written : [];
    const { items: item } = node;
    return items.flatMap((one, index) => leaves(item, one, [...path, index]));
  }
  if (typeof node['additionalProperties'] === 'object') {
    return Object.keys(isRecord(written) ? written : {}).map((key) => ({
      path: [...path, key],
      node: {},
    }));
  }
  return [{ path, node }];
}

function isTable([, node]: readonly [string, JsonSchemaNode]): boolean {
  return node.properties !== undefined || node.items?.properties !== undefined;
}

type Found = Pick<EffectiveValue, 'value' | 'from' | 'line' | 'by'>;

function valueOf(
  loaded: LoadedConfig,
  { path, node, key }: Leaf & { readonly key: string },
  env: NodeJS.ProcessEnv,
): Found {
  const { document, file } = loaded;
  const written = path.reduce<unknown>(
    (at, part) => (at as Record<string | number, unknown> | undefined)?.[part],
    document.value,
  );
  const outside = fromEnvironment(key, written, env);
  if (outside !== undefined) return outside;
  const chosen = derived(key, written, loaded);
  if (chosen !== undefined) return { ...chosen, from: 'derived' };
  if (written !== undefined) {
    const value =
      FILE_KEYS.test(key) && typeof written === 'string'
        ? filePath(written, { folder: dirname(file), env })
        : written;
    return { value, from: 'set', line: document.placeOf(path).line };
  }
  if (node.default !== undefined) return { value: node.default, from: 'default' };
  return { value: null, from: 'unset' };
}

/** Their paths are relative to the configuration. */
const FILE_KEYS = /^test\.(?:script|agent_key)$|^log\.file$|_file$/;

/** The variable comes before the key of the metrics, and behind the key of a secret. */
function fromEnvironment(key: string, written: unknown, env: NodeJS.ProcessEnv): Found | undefined {
  const variable = {
    'metrics.worker': 'FEDIMG_METRICS',
    'metrics.listener': 'FEDIMG_METRICS',
    'notify.webhook.secret_file': 'FEDIMG_NOTIFY_WEBHOOK_SECRET',
    'notify.mail.password_file': 'FEDIMG_NOTIFY_MAIL_PASSWORD',
  }[key];
  const value = variable === undefined ? undefined : env[variable];
  if (variable === undefined || value === undefined || value === '') return undefined;
  const isSecret = key.startsWith('notify.');
  if (isSecret && written !== undefined) return undefined;
  return { value: isSecret ? HIDDEN : value, from: 'environment', by: variable };
}

/** What fedimg chooses where the file leaves the choice to it. */
function derived(
  key: string,
  written: unknown,
  { config, document }: LoadedConfig,
): { readonly value: unknown; readonly by: string } | undefined {
  const isOpen = written === undefined || (Array.isArray(written) && written.length === 0);
  if (!isOpen) return undefined;
  switch (key) {
    case 'utility.instance_types':
      return { value: config.utility.instanceTypes, by: 'the architecture of the first AMI' };
    case 'worker.task_queue':
      return { value: config.worker.taskQueue, by: 'deployment' };
    case 'messaging.bindings':
      return config.messaging.bindings.length === 0
        ? undefined
        : { value: config.messaging.bindings, by: 'messaging.topic_prefix' };
    case 'publish.operator_patience': {
      const { publish } = document.value as { publish?: { region_patience?: string } };
      const schema = configJsonSchema().properties?.['publish']?.properties?.['region_patience'];
      return { value: publish?.region_patience ?? schema?.default, by: 'publish.region_patience' };
    }
    default:
      return undefined;
  }
}

const HIDDEN = '[redacted]';

/** A webhook's URL is often the secret itself, as Slack's and Matrix' are. */
function shown(key: string, value: unknown): unknown {
  if (typeof value === 'string') {
    if (key === 'notify.webhook.url') return `${new URL(value).origin}/${HIDDEN}`;
    return redacted(value);
  }
  if (Array.isArray(value)) return value.map((item: unknown) => shown(key, item));
  return value;
}
