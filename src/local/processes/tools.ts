/** The system tools that a local run needs, and how to get those that are missing. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';

/** Packages whose names differ from their tool's name. */
const packageNames: Partial<Record<string, { apt: string; dnf: string; brew: string }>> = {
  xz: { apt: 'xz-utils', dnf: 'xz', brew: 'xz' },
  python3: { apt: 'python3', dnf: 'python3', brew: 'python' },
  lsblk: { apt: 'util-linux', dnf: 'util-linux', brew: 'util-linux' },
  sha256sum: { apt: 'coreutils', dnf: 'coreutils', brew: 'coreutils' },
  dd: { apt: 'coreutils', dnf: 'coreutils', brew: 'coreutils' },
};

/** Tools that are not on the PATH; the message has the commands that install them. */
export class MissingToolsError extends Error {
  readonly tools: readonly string[];

  constructor(tools: readonly string[]) {
    super(describeMissing(tools));
    this.name = 'MissingToolsError';
    this.tools = tools;
  }
}

/** Path of the first executable file called `tool` on the PATH of `env`, or undefined. */
export async function findOnPath(
  tool: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(path.delimiter)) {
    // An empty or relative entry means the current folder: no program there may be run by accident.
    if (!path.isAbsolute(folder)) continue;
    const candidate = path.join(folder, tool);
    if (await isExecutableFile(candidate)) return candidate;
  }
  return undefined;
}

/** Throws `MissingToolsError` with all `tools` that are not on the PATH. */
export async function requireTools(
  tools: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const found = await Promise.all(tools.map((tool) => findOnPath(tool, env)));
  const missing = tools.filter((_, index) => found[index] === undefined);
  if (missing.length > 0) throw new MissingToolsError(missing);
}

/** Whether `file` is a regular file that this user may execute. */
export async function isExecutableFile(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

function describeMissing(tools: readonly string[]): string {
  const names = (kind: 'apt' | 'dnf' | 'brew'): string =>
    [...new Set(tools.map((tool) => packageNames[tool]?.[kind] ?? tool))].join(' ');
  return [
    `Not found on the PATH: ${tools.join(', ')}. Install ${tools.length === 1 ? 'it' : 'them'} with`,
    `  Debian, Ubuntu:  sudo apt-get install ${names('apt')}`,
    `  Fedora, RHEL:    sudo dnf install ${names('dnf')}`,
    `  macOS:           brew install ${names('brew')}`,
    'and try again.',
  ].join('\n');
}
