import assert from 'node:assert/strict';
import type { Change } from '../../../src/workflows/publish/announce-changes.js';
import { announcementsOf } from '../../../src/workflows/publish/announce-changes.js';
import type { RegionProgress, RegionState } from '../../../src/model/progress/progress.js';
import { registered } from '../../support/fake-activities.js';
import { someRegion, somePlan, someRequest } from '../../support/images.js';

const plan = {
  ...somePlan(someRequest(), { workflowId: 'image/a', runId: 'run' }),
  publishedAs: { imageName: 'a', release: 43, milestone: 'rc', subvariant: 'Cloud_Base' },
};

function region(name: string, state: RegionState, amisCount = 4): RegionProgress {
  const amis = registered(someRegion(name), `snap-${name}`).slice(0, amisCount);
  return { region: name, state, amis };
}

/** `topic status region` of each message, repetitions for other variants left out. */
function messages(change: Change, regions: readonly RegionProgress[]): string[] {
  const lines = announcementsOf(change, plan, regions).map(
    ({ topic, body }) => `${topic} ${String(body['status'])} ${String(body['destination'])}`,
  );
  return [...new Set(lines)];
}

function regionMessages(before: RegionProgress, after: RegionProgress): string[] {
  return messages({ of: 'region', before, after }, [region('us-east-1', 'copied'), after]);
}

describe('the messages for a change', () => {
  it('report a copy when its AMIs are available, and a region that failed as left out', () => {
    const before = region('eu-west-1', 'copying', 0);
    assert.deepEqual(regionMessages(region('eu-west-1', 'waiting', 0), before), []);
    assert.deepEqual(regionMessages(before, region('eu-west-1', 'copied')), [
      'image.copy undefined eu-west-1',
    ]);
    assert.deepEqual(regionMessages(before, region('eu-west-1', 'failed', 0)), [
      'region.v1.left-out undefined eu-west-1',
    ]);
  });

  it('report no publication for an image that an earlier run published', () => {
    for (const state of ['published', 'private', 'failed'] as const) {
      const before = region('eu-west-1', 'waiting', 0);
      assert.deepEqual(regionMessages(before, region('eu-west-1', state)), []);
    }
  });

  it('report no publication for a region that stays private', () => {
    const before = region('eu-west-1', 'copied');
    assert.deepEqual(regionMessages(before, region('eu-west-1', 'private')), []);
  });

  it('leave the end of a failed publication to its undo, which finds out what is public', () => {
    const before = region('eu-west-1', 'publishing');
    assert.deepEqual(regionMessages(before, region('eu-west-1', 'failed', 0)), []);
    const kept = before.amis.slice(0, 1);
    const undo = { of: 'undo', before, kept } as const;
    assert.deepEqual(messages(undo, [{ ...region('eu-west-1', 'failed'), amis: kept }]), [
      'image.publish undefined eu-west-1',
      'region.v1.left-out undefined eu-west-1',
    ]);
  });

  it('report no left-out region of a run that was undone as a whole', () => {
    const before = region('eu-west-1', 'publishing');
    const undo = { of: 'undo', before, kept: [] } as const;
    assert.deepEqual(messages(undo, [{ ...before, amis: [] }]), []);
  });

  it('report a failed upload from each of its three steps, and from no later one', () => {
    const failing = ['plan', 'utility', 'write', 'register', 'retire', 'test'] as const;
    const reporting = failing.filter((step) => {
      const change = { of: 'step', step, after: 'failed' } as const;
      return messages(change, [region('us-east-1', 'waiting', 0)]).length > 0;
    });
    assert.deepEqual(reporting, ['utility', 'write', 'register']);
  });

  it('name the public AMIs of a failed run only when its home region is public', () => {
    const topics = (home: RegionState) =>
      announcementsOf({ of: 'outcome', after: 'failed' }, plan, [
        region('us-east-1', home),
        region('eu-west-1', 'published'),
      ]).map(({ topic }) => topic);
    assert.deepEqual(topics('published'), [
      'published.v1.aws.rc.Cloud_Base.x86_64',
      'run.v1.failed',
    ]);
    assert.deepEqual(topics('failed'), ['run.v1.failed']);
  });

  it('report the end of a run with every region, its AMIs that stay, and why others have none', () => {
    const [ended] = announcementsOf({ of: 'outcome', after: 'failed', reason: 'no route' }, plan, [
      region('us-east-1', 'published', 1),
      { ...region('eu-west-1', 'left-out', 0), reason: 'EC2 has no such region' },
      region('sa-east-1', 'copied'),
    ]).slice(-1);
    const { reason, regions } = ended?.body ?? {};
    assert.equal(reason, 'no route');
    const [ami] = region('us-east-1', 'published', 1).amis;
    assert.deepEqual(regions, {
      'us-east-1': { state: 'published', amis: { 'hvm-standard': ami?.ami } },
      'eu-west-1': { state: 'left-out', amis: {}, reason: 'EC2 has no such region' },
      'sa-east-1': { state: 'undone', amis: {} },
    });
  });

  it('report no end of a run that found its image published', () => {
    const unchanged = { ...plan, published: region('us-east-1', 'published').amis };
    for (const after of ['already-published', 'partly-published'] as const) {
      assert.deepEqual(announcementsOf({ of: 'outcome', after }, unchanged, []), []);
    }
  });
});
