import assert from 'node:assert/strict';
import { execa } from 'execa';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { composeWorkflowId } from '../../src/model/ids/workflow-ids.js';
import type { ComposeResult } from '../../src/model/progress/progress.js';
import { runCli } from '../commands/run-cli.js';
import { cliProgram } from '../support/cli-program.js';
import { withPublisher } from '../support/local-publisher.js';
import { startOtlpReceiver } from '../support/otlp-receiver.js';
import type { OtlpReceiver, ReceivedSpan } from '../support/otlp-receiver.js';
import { DEPLOYMENT } from '../support/publisher-config.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import { WorkerProcess } from '../support/worker-process.js';
import { boardMetrics, ruleMetrics } from './ops-files.js';

/** Series of the text format: `name{a="b"} 1`. */
function value(text: string, series: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

function namesIn(text: string): Set<string> {
  return new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
}

const TABLES = ['[metrics]', 'look_every = "1s"', 'check_every = "1s"', 'checked_composes = 1'];

/** Four of an x86_64 image and two of an aarch64 image, in a region with a PV kernel. */
const AMIS = 4 + 2;

describe('a worker with metrics and traces', () => {
  let receiver: OtlpReceiver;
  let text = '';
  let spans: readonly ReceivedSpan[] = [];
  const lines: string[] = [];

  before(async () => {
    receiver = await startOtlpReceiver();
    await withPublisher({ worker: false, tables: TABLES, waitsTakeNoTime: true }, async (one) => {
      const env = { ...one.env, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
      const worker = new WorkerProcess({
        program: cliProgram(),
        configFile: one.configFile,
        env: { ...env, FEDIMG_METRICS: '127.0.0.1:0', OTEL_BSP_SCHEDULE_DELAY: '100' },
        onLine: (line) => lines.push(line),
      });
      try {
        await worker.ready;
        const compose = await one.compose();
        const file = join(dirname(one.configFile), 'message.json');
        await writeFile(file, JSON.stringify(compose.message));
        const args = ['compose', 'signal', file, '--config', one.configFile];
        const sent = await runCli(args, { env });
        assert.equal(sent.code, 0, sent.stderr);
        const { client } = await testTemporal();
        const id = composeWorkflowId(DEPLOYMENT, compose.composeId);
        const result = (await client.workflow.getHandle(id).result()) as ComposeResult;
        assert.equal(result.outcome, 'published');
        const [served] = lines.filter((line) => line.includes('metrics are served'));
        const { url } = JSON.parse(served ?? '{}') as { url: string };
        await until('the monitor to see the published compose', async () => {
          text = await (await fetch(url)).text();
          const isSeen = value(text, 'fedimg_last_published_compose_timestamp_seconds');
          // An earlier look may have seen the image that closed first.
          const checked = value(text, 'fedimg_amis_checked{region="us-east-1"}');
          return isSeen !== undefined && checked === AMIS;
        });
      } finally {
        await worker.stop();
      }
    });
    spans = receiver.spans;
  });
  after(() => receiver.close());

  it('serves what promtool accepts, with the metrics of the SDK at the same address', async () => {
    const { stdout, stderr } = await execa('promtool', ['check', 'metrics'], {
      input: text,
      reject: false,
    });
    // The names of the SDK's own metrics are not ours to change.
    const ours = `${stdout}\n${stderr}`.split('\n').filter((line) => line.startsWith('fedimg_'));
    assert.deepEqual(ours, []);
    assert.ok(namesIn(text).has('temporal_workflow_completed_total'), 'of the SDK');
  });

  it('counts a publication, its steps, its AMIs and its calls', () => {
    const published = value(text, 'fedimg_publications_total{outcome="published"}') ?? 0;
    assert.equal(published, 2);
    const copies = 'fedimg_step_duration_seconds_count{step="copy",result="done"}';
    assert.equal(value(text, copies), published);
    assert.equal(value(text, 'fedimg_amis_published_total{region="eu-west-1"}'), AMIS);
    const copied =
      'fedimg_aws_calls_total{service="EC2",action="CopySnapshot",region="eu-west-1",result="ok"}';
    assert.equal(value(text, copied), published);
    assert.equal(value(text, 'fedimg_messages_total{result="refused"}'), 0);
  });

  it('shows the deployment as Temporal and EC2 have it', () => {
    const published = value(text, 'fedimg_publications_total{outcome="published"}');
    assert.equal(value(text, 'fedimg_recent_publications{outcome="published"}'), published);
    assert.equal(value(text, 'fedimg_amis_missing_public{region="eu-west-1"}'), 0);
    assert.equal(value(text, 'fedimg_oldest_open_run_start_timestamp_seconds'), undefined);
    assert.ok((value(text, 'fedimg_public_ami_quota_left{region="us-east-1"}') ?? 0) > 0, text);
  });

  it('has every metric that an alert rule or a panel of the board asks for', async () => {
    const known = namesIn(text);
    const asked = [...(await ruleMetrics()), ...(await boardMetrics())];
    const isKnown = (name: string) =>
      known.has(name) || known.has(name.replace(/_(?:bucket|sum|count)$/, ''));
    const ours = asked.filter((name) => !name.startsWith('fedimg_listener_') && !isKnown(name));
    assert.deepEqual(ours, []);
    assert.ok(asked.length > 15, String(asked.length));
  });

  it('sends one trace from the signal of a compose to the last call to AWS', () => {
    const root = spans.find(({ name }) => /^(?:Start|SignalWithStart)Workflow:/.test(name));
    assert.equal(root?.service, 'fedimg');
    const ours = spans.filter(({ traceId }) => traceId === root.traceId);
    const names = new Set(ours.map(({ name }) => name));
    for (const name of [
      'RunWorkflow:compose',
      'RunWorkflow:publishImage',
      'RunActivity:publishRegion',
    ]) {
      assert.ok(names.has(name), `${name} is missing among ${[...names].join(', ')}`);
    }
    const last = spans.filter(({ name }) => name === 'EC2.ModifyImageAttribute');
    const published = [...text.matchAll(/^fedimg_amis_published_total\{.*\} (\d+)$/gm)];
    const amis = published.reduce((sum, [, count]) => sum + Number(count), 0);
    assert.equal(last.length, amis, 'one call for each AMI');
    assert.deepEqual(new Set(last.map(({ traceId }) => traceId)), new Set([root.traceId]));
    // Every span but the first has its parent in the same trace.
    const ids = new Set(ours.map(({ spanId }) => spanId));
    const lost = ours.filter(({ parentSpanId }) => parentSpanId && !ids.has(parentSpanId));
    assert.deepEqual(
      lost.map(({ name }) => name),
      [],
    );
  });

  it('logs no line without what it is about', () => {
    const failures = lines.filter((line) => /"(?:error|err)":\{\}/.test(line));
    assert.deepEqual(failures, []);
  });
});
