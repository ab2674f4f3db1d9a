import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { assertNoMachineLeft } from '../support/expectations.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

function startWorker(publisher: LocalPublisher): ChildProcess {
  const args = ['--import', 'tsx', CLI, 'worker', '--config', publisher.configFile];
  return spawn(process.execPath, args, {
    env: publisher.env,
    stdio: process.env['FEDIMG_TEST_LOG'] === undefined ? 'ignore' : 'inherit',
  });
}

async function ended(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  await new Promise((resolve) => worker.once('exit', resolve));
}

describe('a worker that is killed', () => {
  it('downloads the image once all the same when the next one takes up the write', async () => {
    await withPublisher({ worker: false }, async (publisher) => {
      const compose = await publisher.compose({ architectures: ['x86_64'] });
      const [image] = compose.images;
      assert(image);
      const path = new URL(image.url).pathname;
      publisher.server.setFault(path, { bytesPerSecond: Math.ceil(image.sizeBytes / 8) });
      const workers = [startWorker(publisher)];
      try {
        const handle = await publisher.signal(compose);
        while (publisher.server.requests(path).bytes < image.sizeBytes / 4) await tick();
        workers[0]?.kill('SIGKILL');
        workers.push(startWorker(publisher));
        const result = await handle.result();
        assert.equal(result.outcome, 'published');
        assert(publisher.server.requests(path).bytes < image.sizeBytes * 1.5, 'downloaded once');
        const launches = (await publisher.calls()).filter((call) => call.action === 'RunInstances');
        assert.equal(
          launches.reduce((sum, { count }) => sum + count, 0),
          2,
          'one utility instance and one test instance',
        );
        await assertNoMachineLeft(publisher);
      } finally {
        for (const worker of workers) {
          worker.kill('SIGTERM');
          await ended(worker);
        }
      }
    });
  });
});

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
