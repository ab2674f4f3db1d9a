/** The file by which other commands find a running local stack: where its parts listen. */

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stateDirPath } from './state-dir.js';

export interface LocalStackNote {
  readonly pid: number;
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | undefined;
  readonly simulatorUrl: string;
  readonly configFile: string;
  readonly taskQueue: string;
}

const FILE = 'stack.json';

export async function writeStackNote(stateDir: string, note: LocalStackNote): Promise<void> {
  const draft = path.join(stateDir, `${FILE}.${process.pid}`);
  await writeFile(draft, `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path.join(stateDir, FILE));
}

export async function removeStackNote(stateDir: string): Promise<void> {
  await rm(path.join(stateDir, FILE), { force: true });
}

/** The stack of a running `fedimg dev`; undefined without one, or when its note cannot be read. */
export async function readStackNote(env: NodeJS.ProcessEnv): Promise<LocalStackNote | undefined> {
  try {
    const text = await readFile(path.join(stateDirPath('dev', env), FILE), 'utf8');
    const note = JSON.parse(text) as LocalStackNote;
    process.kill(note.pid, 0);
    return note;
  } catch {
    return undefined;
  }
}
