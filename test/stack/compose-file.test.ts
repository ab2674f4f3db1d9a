/** What a team would find out about docker-compose.yml only on its own server, in the night. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { SEARCH_ATTRIBUTES } from '../../src/contract.js';
import type { Stack } from './stack-files.js';
import { composeConfig, TREE, withPreparedStack } from './stack-files.js';

/** Services that end when their work is done. */
const TASKS = ['schema', 'namespace', 'first-version'];
/** Services that an operator starts, and that end. */
const BY_HAND = ['fedimg', 'temporal-cli', 'demo'];

describe('docker-compose.yml', () => {
  let stack: Stack;
  let missing: string[];
  before(async () => {
    await withPreparedStack(async (folder) => {
      stack = await composeConfig(folder);
      const files = Object.values(stack.secrets).map(({ file }) => file);
      missing = files.filter((file) => !existsSync(file));
    });
  });

  it('asks for no secret that prepare.sh does not make', () => {
    assert.deepEqual(missing, []);
  });

  it('publishes only the dashboard and the Temporal UI, and those on loopback', () => {
    const published = Object.entries(stack.services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => `${name} ${JSON.stringify(port)}`),
    );
    assert.deepEqual(published.sort(), [
      'dashboard "127.0.0.1:8300:8300/tcp"',
      'temporal-ui "127.0.0.1:8233:8080/tcp"',
    ]);
  });

  it('publishes Grafana on loopback with its second file', async () => {
    const both = await withPreparedStack((folder) =>
      composeConfig(folder, 'ops/grafana/publish.yml'),
    );
    assert.deepEqual(both.services['grafana']?.ports, ['127.0.0.1:3000:3000/tcp']);
  });

  it('runs no image whose version may change by itself, and not the deprecated auto-setup', () => {
    for (const [name, { image = '' }] of Object.entries(stack.services)) {
      assert.match(image, /^[a-z/-]+:v?\d+\.\d+(\.\d+)?$/, `${name} runs ${image}`);
      assert.doesNotMatch(image, /auto-setup/);
    }
  });

  it('starts each service again after a crash, and shows whether it works', () => {
    for (const [name, { restart, healthcheck }] of Object.entries(stack.services)) {
      if (BY_HAND.includes(name)) continue;
      const isTask = TASKS.includes(name);
      assert.equal(restart, isTask ? 'on-failure' : 'unless-stopped', name);
      assert.equal(healthcheck?.test !== undefined, !isTask, `the health check of ${name}`);
    }
  });

  it('can run several workers', () => {
    const { worker } = stack.services;
    assert.equal(worker?.container_name, undefined);
    assert.equal(worker?.ports, undefined);
  });

  it('has secrets in files only', () => {
    for (const [name, { environment = {} }] of Object.entries(stack.services)) {
      const open = Object.keys(environment).filter((key) => /PASSWORD|PWD|SECRET|TOKEN/.test(key));
      assert.deepEqual(
        open.filter((key) => !key.endsWith('_FILE')),
        [],
        name,
      );
    }
  });

  it('keeps the network of the database away from all but Temporal', () => {
    assert.equal(stack.networks['database']?.internal, true);
    const inside = Object.entries(stack.services)
      .filter(([, { networks = {} }]) => 'database' in networks)
      .map(([name]) => name);
    assert.deepEqual(inside.sort(), ['postgresql', 'schema', 'temporal']);
  });

  it('mounts only files that are in the repository', () => {
    const mounts = Object.values(stack.services).flatMap(({ volumes = [] }) => volumes);
    const own = mounts
      .map((mount) => mount.split(':')[0] ?? '')
      .filter((path) => path.startsWith(TREE));
    assert(own.length > 5, mounts.join(' '));
    assert.deepEqual(
      own.filter((path) => !existsSync(path)),
      [],
    );
  });

  it('waits as long for a draining worker as the worker may take', async () => {
    const text = await readFile(join(TREE, 'docker-compose.yml'), 'utf8');
    const sample = await readFile(join(TREE, 'fedimg.sample.toml'), 'utf8');
    const grace = Number(/^shutdown_grace = "(\d+)s"/m.exec(sample)?.[1]);
    const patience = Number(/&worker$[\s\S]*?stop_grace_period: (\d+)s/m.exec(text)?.[1]);
    assert(patience >= grace + 15, `${patience} s are less than ${grace} s and 15 s more`);
  });
});

describe('the files that docker-compose.yml mounts', () => {
  it('register each search attribute of fedimg', async () => {
    const script = await readFile(join(TREE, 'ops/temporal/namespace.sh'), 'utf8');
    const [, names = ''] = /for name in ([A-Za-z ]+); do/.exec(script) ?? [];
    assert.deepEqual(
      names.split(' '),
      SEARCH_ATTRIBUTES.map(({ name }) => name),
    );
    assert.deepEqual(new Set(SEARCH_ATTRIBUTES.map(({ type }) => type)), new Set(['Keyword']));
  });

  it('are shell scripts that a shell can read and start', async () => {
    for (const name of ['schema', 'server', 'namespace', 'first-version']) {
      const file = join(TREE, `ops/temporal/${name}.sh`);
      await execa('sh', ['-n', file]);
      assert.equal((await stat(file)).mode & 0o111, 0o111, file);
    }
  });

  it('have the jobs of the alert rules, and Prometheus reads them', async () => {
    const file = join(TREE, 'ops/prometheus/prometheus.yml');
    const { stdout } = await execa('promtool', ['check', 'config', file]);
    assert.match(stdout, /SUCCESS/);
    const text = await readFile(file, 'utf8');
    const rules = await readFile(join(TREE, 'ops/prometheus/fedimg.rules.yml'), 'utf8');
    const jobs = new Set([...rules.matchAll(/job="([^"]+)"/g)].map(([, job]) => job ?? ''));
    for (const job of jobs) assert.match(text, new RegExp(`job_name: ${job}$`, 'm'));
  });
});

describe('Dockerfile', () => {
  it('copies only files that are there and that .dockerignore lets pass', async () => {
    const text = await readFile(join(TREE, 'Dockerfile'), 'utf8');
    const ignore = await readFile(join(TREE, '.dockerignore'), 'utf8');
    const copies = [...text.matchAll(/^COPY (?!--from)(.+)$/gm)].map(([, list = '']) => list);
    const sources = copies.flatMap((list) => list.split(' ').slice(0, -1));
    assert(sources.includes('src'), sources.join('\n'));
    for (const source of new Set(sources)) {
      assert(existsSync(join(TREE, source)), source);
      assert(ignore.split('\n').includes(`!${source}`), `.dockerignore keeps ${source} out`);
    }
  });

  it('runs as an ordinary user, on a Node that fedimg and its SDKs support', async () => {
    const text = await readFile(join(TREE, 'Dockerfile'), 'utf8');
    for (const stage of text.split(/^FROM /m).slice(3)) {
      const users = [...stage.matchAll(/^USER (.+)$/gm)].map(([, user]) => user);
      assert(users.length === 0 || users.at(-1) === 'node', stage);
    }
    const bases = [...text.matchAll(/^FROM (node:\S+)/gm)].map(([, base]) => base);
    assert.equal(new Set(bases).size, 1, 'each stage has the same Node');
    assert.match(bases[0] ?? '', /^node:24\.\d+\.\d+-bookworm-slim$/);
  });
});
