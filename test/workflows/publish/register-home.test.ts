import assert from 'node:assert/strict';
import { cancelled, heartbeat } from '@temporalio/activity';
import { imageProgressQuery, pauseUpdate, resumeUpdate } from '../../../src/contract.js';
import { variantKey } from '../../../src/model/ids/variant.js';
import { fakeActivities, finalFailure } from '../../support/fake-activities.js';
import { failureOf } from '../../support/expectations.js';
import { someRequest } from '../../support/images.js';
import { until } from '../../support/until.js';
import { withWorker } from '../../support/workflow-worker.js';

const usual = fakeActivities().activities;
const UTILITY = 'i-utility0';
const BY = { by: 'ann@desk' };

/** Registers the AMIs that are not tested only when the gate opens. */
function slowOthers(): { readonly fake: ReturnType<typeof fakeActivities>; open: () => void } {
  let open = () => undefined as void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const fake = fakeActivities({
    registerImages: async (input) => {
      const keys = input.regionPlan.wanted.map(({ variant }) => variantKey(variant));
      if (!keys.includes('hvm-standard')) await opened;
      return usual.registerImages(input);
    },
  });
  return { fake, open };
}

describe('the first test instance', () => {
  it('does not wait for AMIs that it does not need', async () => {
    const { fake, open } = slowOthers();
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('the launch', () => fake.calls.includes('launchTestInstance us-east-1'));
      assert.equal(fake.count('runTest'), 0, 'the steps keep their order');
      open();
      const { amis } = await handle.result();
      const home = amis.filter(({ region }) => region === 'us-east-1').map(variantKey);
      assert.deepEqual(home.sort(), [
        'hvm-gp2',
        'hvm-standard',
        'paravirtual-gp2',
        'paravirtual-standard',
      ]);
    });
  });

  it('is not launched in a run that is paused', async () => {
    let open = () => undefined as void;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const fake = fakeActivities({
      registerImages: (input) => opened.then(() => usual.registerImages(input)),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('the registration', () => fake.count('registerImages us-east-1') === 2);
      await handle.executeUpdate(pauseUpdate, { args: [BY] });
      open();
      await until('the hold', async () => {
        const { hold } = await handle.query(imageProgressQuery);
        return hold?.for === 'resume' && hold.before === 'retire';
      });
      assert.equal(fake.count('launchTestInstance us-east-1'), 0);
      await handle.executeUpdate(resumeUpdate, { args: [BY] });
      await handle.result();
    });
    assert.equal(fake.count('launchTestInstance us-east-1'), 1);
  });

  it('is removed when another AMI of the home region is refused', async () => {
    const fake = fakeActivities({
      registerImages: async (input) => {
        const keys = input.regionPlan.wanted.map(({ variant }) => variantKey(variant));
        if (keys.includes('hvm-standard')) return usual.registerImages(input);
        await until('the launch', () => fake.calls.includes('launchTestInstance us-east-1'));
        throw finalFailure('the quota is used up');
      },
      launchTestInstance: () => {
        const beat = setInterval(heartbeat, 100);
        return cancelled().finally(() => clearInterval(beat));
      },
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const failure = await failureOf((await startImage(someRequest())).result());
      assert.match(failure.message, /the quota is used up/);
    });
    assert.equal(fake.count('undoRegion us-east-1'), 1);
    assert.equal(fake.count('runTest'), 0);
  });
});

describe('the end of the utility instance', () => {
  it('does not hold up the test', async () => {
    let end = () => undefined as void;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const fake = fakeActivities({
      terminateInstance: ({ instanceId }) => (instanceId === UTILITY ? ended : Promise.resolve()),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const handle = await startImage(someRequest());
      await until('the test', () => fake.calls.includes('runTest'));
      end();
      assert.equal((await handle.result()).outcome, 'published');
    });
  });

  it('fails the run when EC2 refuses it, before other regions get copies', async () => {
    const fake = fakeActivities({
      terminateInstance: ({ instanceId }) =>
        instanceId === UTILITY
          ? Promise.reject(finalFailure('it is protected'))
          : Promise.resolve(),
    });
    await withWorker(fake.activities, async ({ startImage }) => {
      const failure = await failureOf((await startImage(someRequest())).result());
      assert.match(failure.message, /it is protected/);
    });
    assert(!fake.calls.some((call) => call.startsWith('copyToRegion')), fake.calls.join('\n'));
    assert.equal(fake.count('undoRegion us-east-1'), 1);
  });
});
