/** Finds, reads and checks the configuration file; reports all its problems at once. */
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { checkBrokerFiles, resolveBrokerFiles } from './broker-files.js';
import { keysAt } from './json-schema.js';
import {
  ConfigError,
  describeIssue,
  locateProblem,
  type ConfigProblem,
  type LocatedProblem,
} from './problems.js';
import { configSchema, type Config } from './schema.js';
import { checkAgentKey } from './agent-key.js';
import { checkTestScript } from './test-script.js';
import { resolveLogFile, resolveNotifyFiles } from './notify-files.js';
import { parseToml, TomlError, type TomlDocument } from './toml.js';

export interface LoadConfigOptions {
  /** From `--config`; then fedimg looks at no other place. */
  path?: string;
  env: NodeJS.ProcessEnv;
  cwd: string;
}

export interface LoadedConfig {
  config: Config;
  /** Absolute. */
  file: string;
  /** The file as it is written, without defaults. */
  document: TomlDocument;
}

const SYSTEM_FILE = '/etc/fedimg.toml';
const FILE_BYTES_MAX = 1024 * 1024;

/**
 * Loads the configuration from `--config`, else `FEDIMG_CONFIG`, else `./fedimg.toml`, else
 * `/etc/fedimg.toml`. Throws `ConfigError` with every problem, also when a named file is missing.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const { file, text } = await readFirst(options);
  const name = shortName(file, options.cwd);
  const lines = text.split(/\r?\n/);
  const document = parseDocument(text, name, lines);
  const located = (problems: readonly LocatedProblem[]): ConfigProblem[] =>
    problems
      .map((problem) => locateProblem(problem, { name, lines, placeOf: document.placeOf }))
      .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));

  const place = { folder: dirname(file), env: options.env };
  const parsed = configSchema.safeParse(document.value, { reportInput: true });
  const script = scriptOf(parsed.data?.test.script, document.value);
  const scriptFile = script === undefined ? undefined : resolve(dirname(file), script);
  const transport = parsed.data?.test.transport ?? 'auto';
  const keyFile = parsed.data?.test.agentKey;
  const agentKey = keyFile === undefined ? undefined : resolve(dirname(file), keyFile);
  const keyProblem = agentKey === undefined ? undefined : await checkAgentKey(agentKey);
  const scriptProblem =
    scriptFile === undefined ? undefined : await checkTestScript(scriptFile, transport);
  const messaging = parsed.data && resolveBrokerFiles(parsed.data.messaging, place);
  const problems = [
    ...(messaging === undefined ? [] : await checkBrokerFiles(messaging)),
    ...(parsed.error?.issues ?? []).flatMap((issue) => describeIssue(issue, keysAt)),
    ...(keyProblem === undefined ? [] : [{ path: ['test', 'agent_key'], message: keyProblem }]),
    ...(scriptProblem === undefined ? [] : [{ path: ['test', 'script'], message: scriptProblem }]),
  ];
  if (
    !parsed.success ||
    messaging === undefined ||
    scriptFile === undefined ||
    problems.length > 0
  ) {
    throw new ConfigError(located(problems));
  }
  const test = {
    ...parsed.data.test,
    script: scriptFile,
    ...(agentKey === undefined ? {} : { agentKey }),
  };
  const notify = resolveNotifyFiles(parsed.data.notify, place);
  const log = resolveLogFile(parsed.data.log, place);
  return { config: { ...parsed.data, test, messaging, notify, log }, file, document };
}

/** The script's path, also from a file with other problems, so that all are reported at once. */
function scriptOf(valid: string | undefined, value: Record<string, unknown>): string | undefined {
  if (valid !== undefined) return valid;
  const test = value['test'] as Record<string, unknown> | undefined;
  const script = typeof test === 'object' ? test['script'] : undefined;
  return typeof script === 'string' && script !== '' ? script : undefined;
}

function parseDocument(text: string, name: string, lines: readonly string[]): TomlDocument {
  try {
    return parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const problem = { path: [], message: `${error.message}; correct the TOML here` };
    throw new ConfigError([locateProblem(problem, { name, lines, placeOf: () => error.place })]);
  }
}

async function readFirst(options: LoadConfigOptions): Promise<{ file: string; text: string }> {
  const { path, env, cwd } = options;
  const named = path ?? (env['FEDIMG_CONFIG'] === '' ? undefined : env['FEDIMG_CONFIG']);
  if (named !== undefined) {
    const by = path === undefined ? 'FEDIMG_CONFIG' : '--config';
    const file = resolve(cwd, named);
    const text = await readIfThere(file, by);
    if (text === undefined) {
      throw missing(`${by} names ${file}, which does not exist; ${START}`);
    }
    return { file, text };
  }
  const places = [resolve(cwd, 'fedimg.toml'), SYSTEM_FILE];
  for (const file of places) {
    const text = await readIfThere(file, 'the search');
    if (text !== undefined) return { file, text };
  }
  throw missing(
    `no configuration found; fedimg looked at: --config (not given), FEDIMG_CONFIG (not set), ${places.join(', ')}; ${START}`,
  );
}

const START =
  'start from the sample: cp fedimg.sample.toml fedimg.toml (or try fedimg without a configuration: fedimg demo)';

function missing(message: string): ConfigError {
  return new ConfigError([{ key: '', message }]);
}

async function readIfThere(file: string, by: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const why =
      code === 'EISDIR' ? 'it is a directory' : code === 'EACCES' ? 'no permission' : code;
    const message = `cannot be read (${why}); found through ${by}; name a readable file`;
    throw new ConfigError([{ file, key: '', message }]);
  }
  if (bytes.length > FILE_BYTES_MAX) {
    const message = `has ${bytes.length} bytes, allowed: ${FILE_BYTES_MAX}; name the right file`;
    throw new ConfigError([{ file, key: '', message }]);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError([{ file, key: '', message: 'is not UTF-8 text; save it as UTF-8' }]);
  }
}

function shortName(file: string, cwd: string): string {
  const short = relative(cwd, file);
  return short === '' || short.startsWith('..') ? file : short;
}
