/** A worker that has the policies of ops/iam and no other permission. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cancelPublication } from '../../src/client/cancel.js';
import { actOnImages } from '../../src/client/operator.js';
import { retryPublication } from '../../src/client/retry.js';
import { startImage } from '../../src/client/start.js';
import { SWEEP_WORKFLOW, TIME_SCALE_MEMO } from '../../src/contract.js';
import type { Check } from '../../src/model/check.js';
import type { SweepReport } from '../../src/model/sweep/sweep.js';
import { defaultGroupId, defaultSubnets } from '../../src/simulator/ec2/lib/network-defaults.js';
import { runCli } from '../commands/run-cli.js';
import { assertNothingLeft } from '../support/expectations.js';
import type { LocalPublisher, PublisherOptions } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import { assertPublishedOnce, oneImage } from '../support/one-image.js';
import {
  closedStatus,
  startOptions,
  untilRegions,
  withSession,
} from '../support/operator-session.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import type { Installation } from './shipped.js';
import { compareRecorded, DEFAULT_POLICIES, DIRECT_WRITE, iamOf, questionsOf } from './shipped.js';

const REGIONS = ['us-east-1', 'eu-west-1'];
const PUBLISH = [`regions = ${JSON.stringify(REGIONS)}`];
const BY = { by: 'ann@desk' };

const IN_A_SUBNET = {
  utility: [
    `subnet = "${defaultSubnets('us-east-1')[0]?.id}"`,
    `security_group = "${defaultGroupId('us-east-1')}"`,
  ],
};

/** EC2 shows the console of a Xen instance late. */
const HVM = 'virtualization_types = ["hvm"]';

/**
 * No call is refused. `policies.test.ts` looks at the questions of these runs with policies that lack something, so
 * they must be those that are recorded: `FEDIMG_RECORD=1 npx mocha test/policies/publication.test.ts` records them.
 */
async function underPolicies(
  situation: string,
  {
    testTransport = 'ssm',
    policies = DEFAULT_POLICIES,
    ...options
  }: PublisherOptions & Installation,
  body: (publisher: LocalPublisher) => Promise<void>,
): Promise<void> {
  const iam = await iamOf({ policies, testTransport });
  const testProfile = testTransport === 'ssm';
  await withPublisher({ publish: PUBLISH, ...options, testProfile, iam }, async (publisher) => {
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
    await compareRecorded(situation, questionsOf(decisions));
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

/** Which shows that the policies are enough for the transport: with `auto` the other one would be tried. */
function transportIs(transport: 'ssm' | 'console'): string[] {
  return [`transport = "${transport}"`, 'timeout = "60s"'];
}

/** A run whose test goes on until something ends it. */
const ENDLESS = '#!/bin/bash\nsleep 600\n';

async function untilTestInstanceRuns(publisher: LocalPublisher): Promise<void> {
  await until('the test instance is there', async () => {
    const instances = await publisher.cloud.resources('instance');
    return instances.some(
      ({ state, tags }) => state === 'running' && tags['fedimg:step'] === 'test',
    );
  });
}

describe('a worker with no permission beside the shipped policies', () => {
  it('publishes an image that is tested over SSM, and completes a region that was left out', async () => {
    const options = { ...IN_A_SUBNET, test: transportIs('ssm') };
    await underPolicies('publish', options, async (publisher) => {
      const { request } = await oneImage(publisher);
      const refusal = { action: 'CopySnapshot', kind: 'refusal', count: 0 } as const;
      await publisher.setFaults([{ ...refusal, region: 'eu-west-1' }]);
      const first = await (await publisher.publish(request)).result();
      assert.equal(first.outcome, 'partly-published');
      await publisher.setFaults([]);
      const second = await (await publisher.publish(request)).result();
      assert.equal(second.outcome, 'published');
      await assertPublishedOnce(publisher, REGIONS);
    });
  });

  it('publishes an image that is tested over the console, with one region retried and one skipped', async () => {
    const options = {
      testTransport: 'console',
      test: transportIs('console'),
      publish: [
        'regions = ["us-east-1", "eu-west-1", "us-east-2"]',
        'operator_patience = "1h"',
        HVM,
      ],
    } as const;
    await underPolicies('retry and skip', options, async (publisher) => {
      const { request } = await oneImage(publisher);
      const refusal = { action: 'CopySnapshot', kind: 'refusal', count: 0 } as const;
      await publisher.setFaults([
        { ...refusal, region: 'eu-west-1' },
        { ...refusal, region: 'us-east-2' },
      ]);
      await withSession(async (session) => {
        const { workflowId } = await startImage(session, request, startOptions(publisher));
        const waits = 'waiting-for-operator';
        await untilRegions(session, workflowId, ['eu-west-1', 'us-east-2'], waits);
        await publisher.setFaults([]);
        const retry = { ...startOptions(publisher), operator: BY, regions: ['eu-west-1'] };
        await retryPublication(session, workflowId, retry);
        await actOnImages(session, workflowId, 'skip', { ...BY, regions: ['us-east-2'] });
        const { outcome } = await closedStatus(session, workflowId);
        assert.equal(outcome, 'partly-published');
      });
      await assertPublishedOnce(publisher, REGIONS);
    });
  });

  it('publishes an image that it writes without a utility instance', async () => {
    const options = {
      policies: [...DEFAULT_POLICIES, 'ebs-direct'],
      test: transportIs('ssm'),
      tables: ['[write]', 'strategy = "ebs-direct"'],
    };
    await underPolicies(DIRECT_WRITE, options, async (publisher) => {
      const { request } = await oneImage(publisher);
      const { outcome } = await (await publisher.publish(request)).result();
      assert.equal(outcome, 'published');
      await assertPublishedOnce(publisher, REGIONS);
    });
  });

  it('removes everything when the operator cancels the run in its test', async () => {
    const options = { test: transportIs('ssm'), testScript: ENDLESS };
    await underPolicies('cancel', options, async (publisher) => {
      const { request } = await oneImage(publisher);
      await withSession(async (session) => {
        const { workflowId } = await startImage(session, request, startOptions(publisher));
        await untilTestInstanceRuns(publisher);
        const { requested } = await cancelPublication(session, workflowId, BY);
        assert(requested, 'the cancel was not requested');
        assert.equal((await closedStatus(session, workflowId)).outcome, 'cancelled');
      });
      await assertNothingLeft(publisher);
    });
  });

  it('passes doctor', async () => {
    await underPolicies('doctor', { ...IN_A_SUBNET, worker: false }, async (publisher) => {
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
    const testScript = '#!/bin/bash\necho it does not boot\nexit 1\n';
    const options = { testTransport: 'console', test: transportIs('console'), testScript } as const;
    await underPolicies('failed test', options, async (publisher) => {
      const { request } = await oneImage(publisher);
      await assert.rejects((await publisher.publish(request)).result());
      await assertNothingLeft(publisher);
    });
  });

  it('removes in a sweep what a terminated run leaves', async () => {
    const options = { sweep: ['grace = "1m"'], testScript: ENDLESS };
    await underPolicies('sweep', options, async (publisher) => {
      const { request } = await oneImage(publisher);
      const run = await publisher.publish(request);
      await untilTestInstanceRuns(publisher);
      await run.terminate('somebody has pressed the wrong button');
      publisher.clock.advance(60_000);
      await until('grace is over', async () => {
        const { kept, failedRegions } = await sweep(publisher, true);
        const young = kept.some(({ code }) => code === 'young' || code === 'closed-lately');
        return failedRegions.length === 0 && !young;
      });
      const { removed, left } = await sweep(publisher, false);
      assert(removed.length > 0, 'the sweep removed nothing');
      assert.deepEqual(left, []);
      await assertNothingLeft(publisher);
    });
  });
});
