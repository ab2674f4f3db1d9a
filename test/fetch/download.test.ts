import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { download } from '../../src/fetch/download.js';
import type { SourceError } from '../../src/fetch/errors.js';
import { VirtualClock } from '../support/virtual-clock.js';
import { startServer } from './local-server.js';

const BYTES = randomBytes(300_000);

type Answers = readonly ((request: IncomingMessage, response: ServerResponse) => void)[];

/** The first request gets the first answer, and those behind the last answer get that one. */
async function downloaded(
  answers: Answers,
  minRateBytesPerSecond = 0,
): Promise<{ bytes: Buffer; ranges: (string | undefined)[]; obstacles: string[] }> {
  let next = 0;
  const server = await startServer((request, response) => {
    answers[Math.min(next, answers.length - 1)]?.(request, response);
    next += 1;
  });
  const clock = new VirtualClock({ jumps: true });
  const obstacles: string[] = [];
  const onObstacle = (error: SourceError | undefined): void => {
    if (error !== undefined) obstacles.push(error.code);
  };
  try {
    const { policy } = server;
    const { signal } = new AbortController();
    const pieces: Buffer[] = [];
    const options = { policy, clock, signal, minRateBytesPerSecond, onObstacle };
    for await (const piece of download(`${server.base}image.raw.xz`, options)) pieces.push(piece);
    const ranges = server.requests.map(({ range }) => range);
    return { bytes: Buffer.concat(pieces), ranges, obstacles };
  } finally {
    await server.close();
  }
}

function cutAfter(bytes: number, headers: Record<string, string> = {}): Answers[number] {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': BYTES.length, ...headers });
    response.write(BYTES.subarray(0, bytes), () => setImmediate(() => response.destroy()));
  };
}

/** From the wanted byte to the end, as servers with ranges do. */
function rest(headers: Record<string, string> = {}): Answers[number] {
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = `bytes ${from}-${BYTES.length - 1}/${BYTES.length}`;
    response.writeHead(206, { 'content-range': range, ...headers }).end(BYTES.subarray(from));
  };
}

function whole(headers: Record<string, string> = {}): Answers[number] {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': BYTES.length, ...headers }).end(BYTES);
  };
}

async function codeOf(result: Promise<unknown>): Promise<string> {
  try {
    await result;
  } catch (error) {
    return (error as SourceError).code;
  }
  throw new assert.AssertionError({ message: 'it must fail' });
}

describe('a download as a stream', () => {
  it('goes on with the rest when the connection is lost in the middle', async () => {
    const { bytes, ranges, obstacles } = await downloaded([cutAfter(100_000), rest()]);
    assert(bytes.equals(BYTES), 'other bytes');
    assert.equal(ranges[0], undefined);
    assert.match(ranges[1] ?? '', /^bytes=\d+-$/);
    assert.deepEqual(obstacles, ['UNREACHABLE']);
  });

  it('gives no byte twice when the server sends the whole file again', async () => {
    const { bytes } = await downloaded([cutAfter(100_000), whole()]);
    assert(bytes.equals(BYTES), 'other bytes');
  });

  it('waits for a server that is down', async () => {
    const down: Answers[number] = (_request, response) => void response.writeHead(503).end();
    const { bytes, obstacles } = await downloaded([cutAfter(100_000), down, down, rest()]);
    assert(bytes.equals(BYTES), 'other bytes');
    assert.deepEqual(obstacles.slice(-2), ['SERVER_ERROR', 'SERVER_ERROR']);
  });

  it('gives up on a server that stays down, and at once on a file that is gone', async () => {
    const down: Answers[number] = (_request, response) => void response.writeHead(503).end();
    assert.equal(await codeOf(downloaded([down])), 'SERVER_ERROR');
    const gone: Answers[number] = (_request, response) => void response.writeHead(404).end();
    assert.equal(await codeOf(downloaded([cutAfter(100_000), gone])), 'NOT_FOUND');
  });

  it('never joins two versions of a file', async () => {
    const [old, other] = [{ etag: '"old"' }, { etag: '"new"' }];
    for (const answer of [rest(other), whole(other)]) {
      const result = downloaded([cutAfter(100_000, old), answer]);
      assert.equal(await codeOf(result), 'CHANGED_WHILE_READ');
    }
  });
});
