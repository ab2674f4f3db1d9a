/** The folders for the state and the downloads of a local run, and the lock on the state. */
import { mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { takeRunLock } from './processes/run-lock.js';

export interface StateDir {
  /** Absolute path; exists, readable by its owner only. */
  path: string;
  /** Folder for the log files of child processes; exists. */
  logsPath: string;
  /** Releases the folder for the next run; safe to repeat. */
  release(): Promise<void>;
}

export interface StateDirOptions {
  /** Sub-folder in the user's state folder, `demo` or `dev`. */
  name: string;
  /** Used instead of the sub-folder of the user's state folder. */
  directory?: string | undefined;
  env?: NodeJS.ProcessEnv | undefined;
}

/** `${XDG_STATE_HOME:-~/.local/state}/fedimg/<name>`. */
export function stateDirPath(name: string, env: NodeJS.ProcessEnv = process.env): string {
  return path.join(baseFolder(env, 'XDG_STATE_HOME', '.local/state'), 'fedimg', name);
}

/** `${XDG_CACHE_HOME:-~/.cache}/fedimg`. */
export function cacheDirPath(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(baseFolder(env, 'XDG_CACHE_HOME', '.cache'), 'fedimg');
}

/** Makes the state folder and locks it for this process; throws when another live process holds the lock. */
export async function openStateDir(options: StateDirOptions): Promise<StateDir> {
  const directory = path.resolve(options.directory ?? stateDirPath(options.name, options.env));
  const logsPath = path.join(directory, 'logs');
  await mkdir(logsPath, { recursive: true, mode: 0o700 });
  return { path: directory, logsPath, release: await takeRunLock(directory) };
}

function baseFolder(env: NodeJS.ProcessEnv, variable: string, fallback: string): string {
  const value = env[variable];
  // The XDG specification: ignore relative paths in these variables.
  if (value !== undefined && path.isAbsolute(value)) return value;
  return path.join(env['HOME'] ?? os.homedir(), fallback);
}
