/** The files of the stack: a folder that `prepare.sh` has made, and docker-compose.yml as docker-compose reads it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

export const TREE = fileURLToPath(new URL('../..', import.meta.url));

export interface Service {
  readonly image?: string;
  readonly ports?: readonly string[];
  readonly restart?: string;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly profiles?: readonly string[];
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly container_name?: string;
}

export interface Stack {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

/** Runs `body` with a new folder that `prepare.sh` has filled. */
export async function withPreparedStack<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fedimg-test-stack-'));
  try {
    await prepareStack(folder);
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function prepareStack(folder: string): Promise<void> {
  await execa(join(TREE, 'ops/stack/prepare.sh'), [folder]);
}

/** docker-compose resolves variables, anchors and defaults, and rejects what it does not know. */
export async function composeConfig(folder: string, ...files: string[]): Promise<Stack> {
  const options = ['docker-compose.yml', ...files].flatMap((file) => ['-f', join(TREE, file)]);
  const asked = await execa('docker-compose', [...options, 'config'], {
    env: { FEDIMG_STACK: folder, COMPOSE_PROFILES: 'demo,previous,tools' },
    reject: false,
  });
  if (asked.code === 'ENOENT') {
    throw new Error(
      'docker-compose is not installed, and this test needs it (Debian: apt-get install ' +
        '--no-install-recommends docker-compose; no Docker daemon is used)',
    );
  }
  if (asked.exitCode !== 0) throw new Error(asked.stderr);
  // docker-compose is a Python program and has this parser.
  const script = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))';
  const { stdout } = await execa('python3', ['-c', script], { input: asked.stdout });
  return JSON.parse(stdout) as Stack;
}
