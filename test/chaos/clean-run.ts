/** The evidence of a small run without fault, made by hand: what the checker's own tests doctor. */

import type { Effect, ListedResource } from '../../src/simulator/index.js';
import { TAG } from '../../src/model/ids/tags.js';
import { allowanceOf } from './allowance.js';
import type { Evidence } from './evidence.js';

const WORKFLOW = 'image/compose/run-1/x86_64';
const HASH = 'b'.repeat(64);
const COMPRESSED = 'c'.repeat(64);
const TAGS = {
  'managed-by': 'fedimg',
  [TAG.deployment]: 'chaos',
  [TAG.workflow]: WORKFLOW,
  [TAG.run]: 'run',
  [TAG.compose]: 'compose',
  [TAG.rawSha256]: HASH,
  [TAG.sha256]: COMPRESSED,
};

/** Where the call stands in the log, in seconds. */
let seq = 0;

export function call(
  action: string,
  regionName: string,
  request: unknown,
  changed: readonly string[],
  sender = 'copyToRegion; 7; 1',
): Effect {
  seq += 1;
  return {
    seq,
    time: new Date(seq * 1000).toISOString(),
    kind: 'call',
    service: 'ec2',
    action,
    region: regionName,
    result: 'ok',
    userAgent: `fedimg/0.1.0 (${WORKFLOW}; ${sender}) aws-sdk-js/3`,
    request,
    changed,
  };
}

function image(regionName: string, id: string): ListedResource {
  const tags = {
    ...TAGS,
    Name: `image-${regionName}`,
    [TAG.variant]: 'hvm-gp2',
    [TAG.step]: 'copy',
  };
  return { type: 'image', id, region: regionName, state: 'available', public: true, tags };
}

function snapshot(regionName: string, id: string): ListedResource {
  const tags = { ...TAGS, Name: 'image', [TAG.step]: 'snapshot' };
  return { type: 'snapshot', id, region: regionName, state: 'completed', public: true, tags };
}

const CANARY: ListedResource = {
  type: 'volume',
  id: 'vol-canary',
  region: 'us-east-1',
  state: 'available',
  public: false,
  tags: {},
};

function effects(): Effect[] {
  seq = 0;
  const home = 'us-east-1';
  const away = 'eu-west-1';
  const mapping = (id: string) => ({ BlockDeviceMapping: { 1: { Ebs: { SnapshotId: id } } } });
  return [
    call('RunInstances', home, { ImageId: 'ami-base' }, [
      `instance/${home}/i-utility`,
      `volume/${home}/vol-1`,
    ]),
    call('CreateSnapshot', home, { VolumeId: 'vol-1' }, [`snapshot/${home}/snap-home`]),
    call('RegisterImage', home, mapping('snap-home'), [`image/${home}/ami-home`]),
    call('RunInstances', home, { ImageId: 'ami-home' }, [`instance/${home}/i-test`]),
    {
      ...call('command-Success', home, { commandId: 'c', instanceId: 'i-test' }, []),
      kind: 'event',
    },
    call('CopySnapshot', away, { SourceSnapshotId: 'snap-home' }, [`snapshot/${away}/snap-away`]),
    call('RegisterImage', away, mapping('snap-away'), [`image/${away}/ami-away`]),
    ...[home, away].flatMap((regionName) => {
      const end = regionName === home ? 'home' : 'away';
      return [
        call('ModifySnapshotAttribute', regionName, {}, [`snapshot/${regionName}/snap-${end}`]),
        call('ModifyImageAttribute', regionName, {}, [`image/${regionName}/ami-${end}`]),
      ];
    }),
  ];
}

const AMIS = ['us-east-1', 'eu-west-1'].map((regionName) => ({
  region: regionName,
  end: regionName === 'us-east-1' ? 'home' : 'away',
}));

/** A new one each time, so that a test may take it apart. */
export function cleanRun(): Evidence {
  const schedule = { scenario: 'pass', faults: [] } as const;
  return {
    schedule,
    allowance: allowanceOf(schedule),
    deployment: 'chaos',
    workflowId: WORKFLOW,
    runId: 'run',
    status: 'COMPLETED',
    result: {
      workflowId: WORKFLOW,
      outcome: 'published',
      amis: AMIS.map(({ region, end }) => ({
        ...{ compose: 'compose', release: '43', image: 'image', arch: 'x86_64' as const },
        ...{ virt: 'hvm' as const, volumeType: 'gp2' as const, region, name: `image-${region}` },
        ...{ ami: `ami-${end}`, snapshot: `snap-${end}`, public: true, tested: true },
      })),
      rawSha256: HASH,
      rawSizeBytes: 1,
      tests: [],
      failedRegions: [],
    },
    failure: undefined,
    progress: undefined,
    elapsedMs: 1_000,
    boundMs: 300_000,
    effects: effects(),
    listing: [
      CANARY,
      ...AMIS.flatMap(({ region, end }) => [
        image(region, `ami-${end}`),
        snapshot(region, `snap-${end}`),
      ]),
    ],
    swept: undefined,
    canaries: [CANARY],
    image: { rawSha256: HASH, sha256: COMPRESSED },
    snapshots: AMIS.map(({ region, end }) => ({
      ...{ region, id: `snap-${end}`, sha256: HASH, restIsZero: true },
    })),
    history: {
      events: 100,
      largestPayloadBytes: 1_000,
      secretIn: [],
      taskFailures: [],
      retriedFinal: [],
      cancelledAt: undefined,
      hands: [],
      passedTests: [{ ami: 'ami-home', time: 5_500 }],
      replayFailure: undefined,
    },
    messages: [
      { topic: 'fedimg.image.upload', messageKey: 'upload/gp2/started', body: {}, time: 1 },
      { topic: 'fedimg.image.upload', messageKey: 'upload/gp2/completed', body: {}, time: 2 },
      ...AMIS.map(({ end }) => ({
        topic: 'fedimg.image.publish',
        messageKey: `publish/${end}`,
        body: { extra: { id: `ami-${end}` } },
        time: 3,
      })),
    ],
    logLeaks: [],
    reference: {
      amis: ['us-east-1 image-us-east-1', 'eu-west-1 image-eu-west-1'],
      changingCalls: 10,
    },
    repeat: { outcome: 'already-published', effects: [] },
  };
}
