/** A worker that has the policies of ops/iam and no other permission. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { SWEEP_WORKFLOW, TIME_SCALE_MEMO } from '../../src/contract.js';
import type { Check } from '../../src/model/check.js';
import type { SweepReport } from '../../src/model/sweep/sweep.js';
import { defaultGroupId, defaultSubnets } from '../../src/simulator/ec2/lib/network-defaults.js';
import { runCli } from '../commands/run-cli.js';
import { assertNothingLeft } from '../support/expectations.js';
import type { LocalPublisher, PublisherOptions } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import { assertPublishedOnce, oneImage } from '../support/one-image.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import { iamOf, questionsOf, readRecorded, writeRecorded } from './shipped.js';

const REGIONS = ['us-east-1', 'eu-west-1'];
const PUBLISH = [`regions = ${JSON.stringify(REGIONS)}`];

const IN_A_SUBNET = {
  utility: [
    `subnet = "${defaultSubnets('us-east-1')[0]?.id}"`,
    `security_group = "${defaultGroupId('us-east-1')}"`,
  ],
};

/**
 * No call is refused. `policies.test.ts` looks at the questions of these runs with policies that lack something, so
 * they must be those that are recorded: `FEDIMG_RECORD=1 npx mocha test/policies/publication.test.ts` records them.
 */
async function underPolicies(
  situation: string,
  options: PublisherOptions,
  body: (publisher: LocalPublisher) => Promise<void>,
): Promise<void> {
  const iam = await iamOf();
  await withPublisher({ publish: PUBLISH, ...options, iam }, async (publisher) => {
    await body(publisher);
    const decisions = await publisher.cloud.decisions();
    // What has no tags is gone, or never existed: doctor's dry runs, and volumes that end with their instance.
    const refused = decisions.filter(
      ({ verdict, resource, context }) =>
        verdict !== 'allowed' && (/[*]$/.test(resource) || 'aws:ResourceTag/managed-by' in context),
    );
    assert.deepEqual(
      refused.map(({ action, resource }) => `${action} on ${resource}`),
      [],
    );
    const questions = questionsOf(decisions);
    if (process.env['FEDIMG_RECORD'] === '1') return writeRecorded(situation, questions);
    // Of all runs: which of them asks something can be a matter of time.
    const recorded = new Set(
      Object.values(await readRecorded())
        .flat()
        .map((one) => JSON.stringify(one)),
    );
    const unknown = questions.filter((one) => !recorded.has(JSON.stringify(one)));
    assert.deepEqual(unknown, [], 'record them: FEDIMG_RECORD=1');
  });
}

async function sweep(publisher: LocalPublisher, dryRun: boolean): Promise<SweepReport> {
  const { client } = await testTemporal();
  const handle = await client.workflow.start(SWEEP_WORKFLOW, {
    workflowId: `sweep/test/${randomUUID()}`,
    taskQueue: publisher.taskQueue,
    memo: { [TIME_SCALE_MEMO]: 0.2 },
    args: [{ deployment: 'test', dryRun }],
  });
  return (await handle.result()) as SweepReport;
}

describe('a worker with no permission beside the shipped policies', () => {
  it('publishes an image, completes a region that was left out, and passes doctor', async () => {
    await underPolicies('publish', IN_A_SUBNET, async (publisher) => {
      const { request } = await oneImage(publisher);
      const refusal = { action: 'CopySnapshot', kind: 'refusal', count: 0 } as const;
      await publisher.setFaults([{ ...refusal, region: 'eu-west-1' }]);
      const first = await (await publisher.publish(request)).result();
      assert.equal(first.outcome, 'partly-published');
      await publisher.setFaults([]);
      const second = await (await publisher.publish(request)).result();
      assert.equal(second.outcome, 'published');
      await assertPublishedOnce(publisher, REGIONS);
      const { stdout, stderr } = await runCli(
        ['doctor', '-o', 'json', '--config', publisher.configFile],
        { env: publisher.env },
      );
      const checks = JSON.parse(stdout) as Check[];
      const failed = checks.filter(({ state, area }) => state === 'failure' && area !== 'temporal');
      assert.deepEqual(failed, [], stderr);
    });
  });

  it('removes what a failed test leaves, after it has read the console', async () => {
    const test = ['transport = "console"', 'timeout = "60s"'];
    const testScript = '#!/bin/bash\necho it does not boot\nexit 1\n';
    await underPolicies('failed test', { test, testScript }, async (publisher) => {
      const { request } = await oneImage(publisher);
      await assert.rejects((await publisher.publish(request)).result());
      await assertNothingLeft(publisher);
    });
  });

  it('removes in a sweep what a terminated run leaves', async () => {
    const options = { sweep: ['grace = "1m"'], testScript: '#!/bin/bash\nsleep 600\n' };
    await underPolicies('sweep', options, async (publisher) => {
      const { request } = await oneImage(publisher);
      const run = await publisher.publish(request);
      await until('the test instance is there', async () => {
        const instances = await publisher.cloud.resources('instance');
        return instances.some(
          ({ state, tags }) => state === 'running' && tags['fedimg:step'] === 'test',
        );
      });
      await run.terminate('somebody has pressed the wrong button');
      publisher.clock.advance(60_000);
      await until('grace is over', async () => {
        const { kept, failedRegions } = await sweep(publisher, true);
        const young = kept.some(({ code }) => code === 'young' || code === 'closed-lately');
        return failedRegions.length === 0 && !young;
      });
      const { removed, left } = await sweep(publisher, false);
      assert(removed.length > 0);
      assert.deepEqual(left, []);
      await assertNothingLeft(publisher);
    });
  });
});
