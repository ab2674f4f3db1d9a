import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LISTENER_RESULTS, ListenerMetrics } from '../../src/telemetry/listener-metrics.js';
import { MetricRegistry } from '../../src/telemetry/metric-registry.js';
import { boardRules, boards, boardMetrics, RULES, ruleMetrics } from './ops-files.js';

const RULE_TESTS = fileURLToPath(
  new URL('../../ops/prometheus/fedimg.rules.test.yml', import.meta.url),
);

describe('the alert rules and the board', () => {
  it('holds rules that Prometheus reads', async () => {
    const { stdout } = await execa('promtool', ['check', 'rules', RULES]);
    assert.match(stdout, /SUCCESS/);
  });

  it('alerts when workers, listeners and composes are absent, and not on a good day', async () => {
    const { exitCode, all } = await execa('promtool', ['test', 'rules', RULE_TESTS], {
      all: true,
      reject: false,
    });
    assert.equal(exitCode, 0, all);
  });

  it('names only metrics of the listener that the listener serves', async () => {
    const registry = new MetricRegistry('0', 'listener');
    const metrics = new ListenerMetrics(registry);
    metrics.connected(true);
    metrics.read();
    const text = await registry.text();
    const asked = [...(await ruleMetrics()), ...(await boardMetrics())].filter((name) =>
      name.startsWith('fedimg_listener_'),
    );
    assert.ok(asked.length > 2, String(asked.length));
    for (const name of asked) assert.match(text, new RegExp(`^${name}[ {]`, 'm'));
    for (const result of LISTENER_RESULTS) {
      assert.match(text, new RegExp(`^fedimg_listener_messages_total.*"${result}".* 0$`, 'm'));
    }
    const { stdout, stderr } = await execa('promtool', ['check', 'metrics'], {
      input: text,
      reject: false,
    });
    assert.doesNotMatch(stdout + stderr, /^fedimg_/m);
  });

  it('has panels that each ask for something and fit the grid', async () => {
    const all = await boards();
    assert.ok(all.length > 0, String(all.length));
    for (const { panels } of all) {
      const titles = panels.map(({ title }) => title);
      assert.equal(new Set(titles).size, titles.length);
      for (const { title, targets = [] } of panels) assert.ok(targets.length > 0, title);
    }
  });

  it('has queries that Prometheus reads', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fedimg-test-board-'));
    try {
      const file = join(folder, 'board.json');
      const rules = await boardRules();
      assert.doesNotMatch(rules, /\$/, 'a variable of Grafana without a value');
      await writeFile(file, rules);
      // The queries share one name here, which the lint refuses.
      const check = ['check', 'rules', '--lint=none', file];
      const { exitCode, all } = await execa('promtool', check, { all: true, reject: false });
      assert.equal(exitCode, 0, all);
      assert.match(all, /SUCCESS: [1-9]\d* rules found/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('shows what is now, and not the last value of a run that has ended days ago', async () => {
    const panels = (await boards()).flatMap((board) => board.panels);
    const ofNow = panels.filter(({ type }) => type === 'stat' || type === 'bargauge');
    assert.ok(ofNow.length > 3, String(ofNow.length));
    // In a query over the time of the board, "lastNotNull" finds the oldest open run of last week.
    for (const { title, targets = [] } of ofNow) {
      assert.ok(
        targets.every(({ instant }) => instant === true),
        title,
      );
    }
  });
});
