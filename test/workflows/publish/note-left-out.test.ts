import assert from 'node:assert/strict';
import type { Activities } from '../../../src/activities/activities.js';
import type { NoteLeftOutInput } from '../../../src/activities/shapes/region.js';
import type { ImageResult } from '../../../src/model/progress/progress.js';
import { fakeActivities, finalFailure, registered } from '../../support/fake-activities.js';
import { someRegion, somePlan, someRequest } from '../../support/images.js';
import { withWorker } from '../../support/workflow-worker.js';

interface Seen {
  readonly notes: NoteLeftOutInput[];
  readonly log: Record<string, unknown>[];
  readonly result: ImageResult | undefined;
}

/** One run: its notes on the AMIs, its last log line and its result. */
async function runWith(overrides: Partial<Activities>): Promise<Seen> {
  const notes: NoteLeftOutInput[] = [];
  const log: Record<string, unknown>[] = [];
  const fake = fakeActivities({
    noteLeftOut: (input) => Promise.resolve(void notes.push(input)),
    ...overrides,
  });
  const info = {
    callDuringReplay: false,
    fn: (_info: unknown, message: string, attributes?: Record<string, unknown>) => {
      // Made in the sandbox of the workflow, whose objects have prototypes of their own.
      if (message === 'publication closed') log.push(structuredClone(attributes ?? {}));
    },
  };
  const ignored = { callDuringReplay: false, fn: () => undefined };
  const logger = { trace: ignored, debug: ignored, info, warn: ignored, error: ignored };
  const result = await withWorker(
    fake.activities,
    async ({ startImage }) => (await startImage(someRequest())).result().catch(() => undefined),
    { sinks: { defaultWorkerLogger: logger } },
  );
  return { notes, log, result };
}

const oneRegionFails: Partial<Activities> = {
  copyToRegion: ({ regionPlan }) =>
    regionPlan.regionName === 'sa-east-1'
      ? Promise.reject(finalFailure('the quota is used up'))
      : Promise.resolve(registered(regionPlan, `snap-${regionPlan.regionName}`)),
};

describe('a region that a run leaves out', () => {
  it("is noted with its reason on the published AMIs, because Temporal's histories expire", async () => {
    const { notes, result } = await runWith({
      ...oneRegionFails,
      planImage: ({ request, workflowId, runId }) => {
        const copies = [
          someRegion('ap-south-1', { unusable: 'public AMIs are blocked' }),
          someRegion('sa-east-1'),
        ];
        return Promise.resolve(somePlan(request, { workflowId, runId }, { copies }));
      },
    });
    assert.equal(result?.outcome, 'partly-published');
    const [note, ...more] = notes;
    assert.deepEqual(more, []);
    assert.equal(note?.regionName, 'us-east-1');
    assert.equal(note.amis.length, 4);
    const variants = 'hvm-standard hvm-gp2 paravirtual-standard paravirtual-gp2';
    assert.deepEqual(note.leftOut, [
      { regionName: 'ap-south-1', variants, reason: 'public AMIs are blocked' },
      { regionName: 'sa-east-1', variants, reason: 'the quota is used up' },
    ]);
  });

  it('is not noted when all regions are published, or when no AMI stays', async () => {
    assert.deepEqual((await runWith({})).notes, []);
    const failed = await runWith({ writeImage: () => Promise.reject(finalFailure('no disk')) });
    assert.deepEqual([failed.notes, failed.result], [[], undefined]);
  });

  it('does not fail a run whose AMIs are public when the note is refused', async () => {
    const refused = () => Promise.reject(finalFailure('UnauthorizedOperation'));
    const { result } = await runWith({ ...oneRegionFails, noteLeftOut: refused });
    assert.equal(result?.outcome, 'partly-published');
  });

  it('is also noted by a failed run, when some of its AMIs stay public', async () => {
    let kept = '';
    const { notes, result, log } = await runWith({
      publishRegion: ({ regionName: region, amis }) => {
        if (region !== 'us-east-1') return Promise.resolve();
        kept = amis[0]?.ami ?? '';
        return Promise.reject(finalFailure('refused at the second'));
      },
      undoRegion: ({ steps, regionName: region }) =>
        Promise.resolve({
          removed: [...steps],
          kept: region === 'us-east-1' ? [kept] : [],
          left: [],
        }),
    });
    assert.equal(result, undefined);
    assert.deepEqual(
      notes.map(({ regionName: region, amis }) => [region, amis]),
      [['us-east-1', [kept]]],
    );
    const reasons = notes[0]?.leftOut.map(
      ({ regionName: region, reason }) => `${region}: ${reason}`,
    );
    assert.equal(reasons?.length, 4);
    assert.match(reasons[0] ?? '', /^us-east-1: refused at the second/);
    assert(
      reasons.slice(1).every((text) => text.endsWith(': not published: the run failed')),
      reasons.slice(1).join('\n'),
    );
    assert.deepEqual(log[0]?.['amis'], { 'us-east-1': { 'hvm-standard': kept } });
  });
});

describe('the last log line of a run', () => {
  it('has every AMI id with region and variant, and each left-out region with its reason', async () => {
    const { log, result } = await runWith(oneRegionFails);
    const [record, ...more] = log;
    assert.deepEqual(more, [], 'once');
    const ids = Object.values(record?.['amis'] as Record<string, Record<string, string>>)
      .flatMap((ofRegion) => Object.values(ofRegion))
      .sort();
    const made = result?.amis.flatMap(({ ami }) => ami ?? []).sort();
    assert.deepEqual(ids, made);
    assert.equal(ids.length, 3 * 4);
    assert.deepEqual(record?.['leftOut'], { 'sa-east-1': 'the quota is used up' });
    assert.deepEqual([record?.['outcome'], record?.['public']], ['partly-published', true]);
  });
});
