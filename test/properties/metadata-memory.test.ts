import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startServer } from '../fetch/local-server.js';

const LIMIT = 32 * 1024 * 1024;
const TOOK_MIB_MAX = 256;

/** The worst that fits into 32 MiB, each in its own way; and what does not fit. */
const DOCUMENTS: Readonly<Record<string, () => Buffer>> = {
  objects: () => Buffer.from(`[${'{},'.repeat(240_000)}{}]`),
  keys: () =>
    Buffer.from(
      `{${Array.from({ length: 240_000 }, (_, n) => `"k${n}${'x'.repeat(120)}":0`).join(',')}}`,
    ),
  strings: () => Buffer.from(`[${`"\u20ac${'0'.repeat(125)}",`.repeat(240_000)}0]`),
  'one string': () => Buffer.from(`"${'\u20ac'.repeat(Math.floor(LIMIT / 3) - 1)}"`),
  'too many values': () => Buffer.from(`[${'0,'.repeat(LIMIT / 2 - 4)}0]`),
  'too many bytes': () => Buffer.alloc(LIMIT + 1, ' '),
};

interface Answer {
  readonly result: string;
  readonly tookMiB: number;
}

/** In a process of its own, as memory is the whole process's. */
function readIn(url: string): Promise<Answer> {
  const reader = fileURLToPath(new URL('metadata-reader.ts', import.meta.url));
  const child = fork(reader, [url], { execArgv: ['--import=tsx', '--max-old-space-size=160'] });
  return new Promise((resolve, reject) => {
    child.on('message', (answer: Answer) => resolve(answer));
    child.on('close', (code) => reject(new Error(`the reader ended with ${code}`)));
  });
}

describe('metadata of a hostile server', () => {
  it('of up to 32 MiB, or more, never takes 256 MiB of the worker', async () => {
    let body: Buffer = Buffer.alloc(0);
    const server = await startServer((_, response) => void response.end(body));
    try {
      for (const [name, make] of Object.entries(DOCUMENTS)) {
        body = make();
        const { result, tookMiB } = await readIn(server.base);
        assert(tookMiB < TOOK_MIB_MAX, `${name}: ${tookMiB} MiB`);
        const isRefused = name.startsWith('too many');
        assert.match(result, isRefused ? /more than \d+ (?:values|bytes)/ : /^read/, name);
      }
    } finally {
      await server.close();
    }
  });
});
