import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { checkPermissions } from '../../src/aws/checks/permissions.js';
import { deploymentKey } from '../../src/model/ids/tags.js';
import { Aws, scaledAwsSettings } from '../../src/aws/region-access.js';
import { fillIn, readPolicies } from '../../scripts/iam/policies.js';
import type { Policy } from '../../scripts/iam/policies.js';
import { INSTALLATION } from '../policies/shipped.js';
import {
  amazonLinux,
  closeTestClouds,
  control,
  openTestCloud,
  testCredentials,
} from '../simulator/cloud-fixture.js';

/** What doctor shows of the permissions of a worker with this policy, and the actions that it asked for. */
async function checksWith(change: (policy: Policy) => Policy) {
  const shipped = (await readPolicies()).get('worker');
  assert(shipped, 'no shipped');
  const worker = change(fillIn(shipped, INSTALLATION));
  const Statement = worker.Statement.map((one) => ({ ...one }));
  const policies = { worker: { ...worker, Statement } };
  const cloud = await openTestCloud({ iam: { users: [{ name: 'worker', policies }] } });
  // The image is looked up by the account itself.
  const ami = await amazonLinux((await openTestCloud()).client());
  const aws = new Aws(scaledAwsSettings(1), {
    endpoint: cloud.url,
    credentials: { ...testCredentials },
  });
  try {
    const launch = {
      what: 'utility instance',
      ami,
      instanceType: 't3.micro',
      instanceProfile: 'test-utility',
    };
    const ec2 = aws.region('us-east-1');
    const { signal } = new AbortController();
    // Every dry run under way adds a listener.
    setMaxListeners(0, signal);
    const checks = await checkPermissions(ec2, deploymentKey('test'), [launch], signal);
    const calls = await control<{ readonly action: string }[]>(cloud, 'calls');
    return { checks, asked: calls.map(({ action }) => `ec2:${action}`) };
  } finally {
    aws.destroy();
  }
}

describe('the permissions in doctor', () => {
  afterEach(closeTestClouds);

  it('are those of the shipped policy, and it has no failure with it', async () => {
    const policy = (await readPolicies()).get('worker');
    const shipped = new Set(
      policy?.Statement.flatMap(({ Action }) => Action).filter((one) => one.startsWith('ec2:')),
    );
    const { checks, asked } = await checksWith((whole) => whole);
    assert.deepEqual([...new Set(asked)].sort(), [...shipped].sort());
    assert.deepEqual(
      checks.map(({ what, state }) => `${what}: ${state}`),
      ['ec2:RunInstances, utility instance: ok', 'permissions by tag: warning'],
    );
    const [, byTag] = checks;
    for (const action of shipped) {
      if (action !== 'ec2:RunInstances')
        assert.match(byTag?.detail ?? '', new RegExp(`${action}\\b`));
    }
  });

  it('miss what the policy lacks for new resources, without the part that only STS reads', async () => {
    const { checks } = await checksWith((whole) => ({
      ...whole,
      Statement: whole.Statement.filter(({ Sid }) => Sid !== 'LaunchFrom'),
    }));
    const [launch] = checks;
    assert.equal(launch?.state, 'failure');
    assert.match(
      launch.detail,
      /perform: ec2:RunInstances on resource: \S+image\/ami-\S+ because no/,
    );
    assert.doesNotMatch(launch.detail, /Encoded/);
    assert.match(launch.next ?? '', /ops\/iam\/policies\/worker\.json/);
  });
});
