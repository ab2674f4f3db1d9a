/** The fault matrix as data: 17 steps by 18 faults, each cell once. */

import type { SitePattern } from './call-site.js';
import type { CellSpec, Column, EndState, Row } from './vocabulary.js';
import { ends, never, runLevel } from './vocabulary.js';

export const HOME = 'us-east-1';
/** The other region that the steps 11, 12 and 17 are tested in. */
export const AWAY = 'eu-west-1';

const RUN_LEVEL = 'test/chaos: whole runs on a real server';

/** What no single activity can show: the server, the broker, termination and a deployment. */
function serverColumns(
  overrides: Partial<Record<'TS' | 'BR' | 'TM' | 'DP', CellSpec>> = {},
): Pick<Record<Column, CellSpec>, 'TS' | 'BR' | 'TM' | 'DP'> {
  return {
    TS: runLevel('D', RUN_LEVEL),
    BR: runLevel('D', 'test/workflows: messages leave from a side branch'),
    TM: runLevel('S', 'the sweep: no code of the run is left'),
    DP: runLevel('D', 'test/replay: every recorded history on the present code'),
    ...overrides,
  };
}

type Transport = 'LR' | 'TH' | '5X' | 'TO' | 'K0' | 'K1' | 'ZO';

/** Faults of the way there and back, all at one call, all with one end. */
function onTheWay(
  at: SitePattern,
  end: EndState,
  overrides: Partial<Record<Transport, CellSpec>> = {},
): Record<Transport, CellSpec> {
  const same = ends(end, at);
  return {
    ...{ LR: same, TH: same, '5X': same, TO: same, K0: same, K1: same, ZO: same },
    ...overrides,
  };
}

const IN_WORKFLOW = 'test/workflows and test/client: no activity takes part';
const NO_COMMAND = never('no command runs on an instance in this step');
const NO_AWS = never('the step makes no call to AWS');
const NO_QUOTA = never('the step needs no capacity and no quota');

const RUN_INSTANCES: SitePattern = { action: 'RunInstances', region: HOME };
const POLL_INSTANCE: SitePattern = { action: 'DescribeInstances', region: HOME, by: 'instance-id' };
const SEND: SitePattern = { action: 'SendCommand', region: HOME };
const READ_COMMAND: SitePattern = { action: 'GetCommandInvocation', region: HOME };
const LIST_COMMANDS: SitePattern = { action: 'ListCommandInvocations', region: HOME };
const DETACH: SitePattern = { action: 'DetachVolume', region: HOME };
const CREATE_SNAPSHOT: SitePattern = { action: 'CreateSnapshot', region: HOME };
const START_SNAPSHOT: SitePattern = { action: 'StartSnapshot', region: HOME };
const PUT_BLOCK: SitePattern = { action: 'PutSnapshotBlock', region: HOME };
const REGISTER: SitePattern = { action: 'RegisterImage', region: HOME };
const COPY: SitePattern = { action: 'CopySnapshot', region: AWAY };
const MODIFY_IMAGE: SitePattern = { action: 'ModifyImageAttribute', region: AWAY };
const MODIFY_SNAPSHOT: SitePattern = { action: 'ModifySnapshotAttribute', region: AWAY };
const DEREGISTER: SitePattern = { action: 'DeregisterImage', region: HOME };
const METADATA: SitePattern = { action: 'GET', by: 'images.json' };
const BLOCK_STATE: SitePattern = { action: 'GetImageBlockPublicAccessState', region: AWAY };
const UTILITY_AMI: SitePattern = { action: 'DescribeImages', region: HOME, by: 'image-id' };
const SEND_MESSAGE: SitePattern = { action: 'send' };

/** Of the copy step, and of a copy that begins with the test. */
const COPY_CELLS: Row['cells'] = {
  ...onTheWay(COPY, 'D'),
  EC: ends('D', COPY),
  CP: ends('D', COPY, {
    rule: { kind: 'quota', count: 2 },
    note: 'a place becomes free',
  }),
  DN: ends('R', COPY),
  SA: NO_COMMAND,
  IT: ends('R', { action: 'DescribeSnapshots', region: AWAY, by: 'snapshot-id' }),
  RD: ends('R', { action: '*', region: AWAY }),
  CN: ends('X', COPY),
  ...serverColumns(),
};

export const MATRIX: readonly Row[] = [
  {
    row: 1,
    step: 'intake',
    cells: {
      LR: runLevel('D', IN_WORKFLOW),
      TH: runLevel('D', IN_WORKFLOW),
      '5X': runLevel('D', IN_WORKFLOW),
      TO: runLevel('D', IN_WORKFLOW),
      EC: NO_AWS,
      CP: NO_AWS,
      DN: runLevel('A', IN_WORKFLOW),
      K0: runLevel('D', IN_WORKFLOW),
      K1: runLevel('D', IN_WORKFLOW),
      ZO: runLevel('D', IN_WORKFLOW),
      SA: NO_COMMAND,
      IT: NO_AWS,
      RD: NO_AWS,
      CN: never('the run that could be cancelled does not exist yet'),
      ...serverColumns({ TM: never('the run that could be terminated does not exist yet') }),
    },
  },
  {
    row: 2,
    step: 'metadata',
    cells: {
      ...onTheWay(METADATA, 'D'),
      EC: ends('F', METADATA, {
        matrix: 'D',
        note: '404 is final: metadata of a finished compose that is not there is a wrong location',
      }),
      CP: NO_QUOTA,
      DN: ends('F', METADATA),
      SA: NO_COMMAND,
      IT: NO_AWS,
      RD: NO_AWS,
      CN: ends('X', METADATA),
      ...serverColumns(),
    },
  },
  {
    row: 3,
    step: 'preflight',
    cells: {
      ...onTheWay(BLOCK_STATE, 'D'),
      EC: ends('D', UTILITY_AMI, { rule: { kind: 'refusal', code: 'InvalidAMIID.NotFound' } }),
      CP: ends('R', BLOCK_STATE, { rule: { kind: 'quota', count: 0 } }),
      DN: ends('R', BLOCK_STATE),
      SA: NO_COMMAND,
      IT: never('nothing is made yet'),
      RD: ends('R', { action: '*', region: AWAY }),
      CN: ends('X', BLOCK_STATE),
      ...serverColumns(),
    },
  },
  {
    row: 4,
    step: 'utility',
    cells: {
      ...onTheWay(RUN_INSTANCES, 'D'),
      EC: ends('D', RUN_INSTANCES),
      CP: ends('D', RUN_INSTANCES, {
        rule: { kind: 'capacity', instanceType: 'm5.large', count: 0 },
        note: 'the next type or zone; another token',
      }),
      DN: ends('F', RUN_INSTANCES),
      SA: ends('D', RUN_INSTANCES, { note: 'a new instance and a new volume' }),
      IT: ends('D', POLL_INSTANCE, { note: 'a new instance and a new volume' }),
      RD: ends('F', { action: '*', region: HOME }),
      CN: ends('X', RUN_INSTANCES),
      ...serverColumns(),
    },
  },
  {
    row: 5,
    step: 'volume',
    cells: {
      ...onTheWay(POLL_INSTANCE, 'D'),
      EC: ends('D', RUN_INSTANCES, {
        rule: { kind: 'stuck', forMs: 250 },
        note: 'the volume stays in creation while the instance is pending',
      }),
      CP: ends('D', RUN_INSTANCES, {
        rule: {
          ...{ kind: 'capacity', code: 'InsufficientVolumeCapacity' },
          ...{ instanceType: 'm5.large', count: 0 },
        },
        note: 'the next type or zone; another token',
      }),
      DN: ends('F', POLL_INSTANCE),
      SA: NO_COMMAND,
      IT: ends('D', POLL_INSTANCE, { note: 'a new instance and a new volume' }),
      RD: ends('F', { action: '*', region: HOME }),
      CN: ends('X', POLL_INSTANCE),
      ...serverColumns(),
    },
  },
  {
    row: 6,
    step: 'write',
    cells: {
      ...onTheWay(SEND, 'D'),
      EC: ends('D', READ_COMMAND),
      CP: ends('F', SEND, { rule: { kind: 'quota', count: 0 } }),
      DN: ends('F', SEND),
      SA: ends('D', SEND, { note: 'a new instance and a new volume' }),
      IT: ends('D', SEND, { note: 'a new instance and a new volume' }),
      RD: ends('F', { action: '*', region: HOME }),
      CN: ends('X', SEND),
      ...serverColumns(),
    },
  },
  {
    row: 7,
    step: 'verify',
    cells: {
      ...onTheWay(DETACH, 'D'),
      EC: ends('D', DETACH, { note: 'not found may be lost: a new instance and a new volume' }),
      CP: NO_QUOTA,
      DN: ends('F', DETACH),
      SA: ends('D', LIST_COMMANDS, { note: 'a new instance and a new volume' }),
      IT: ends('D', DETACH, { note: 'a new instance and a new volume' }),
      RD: ends('F', { action: '*', region: HOME }),
      CN: ends('X', DETACH),
      ...serverColumns(),
    },
  },
  {
    row: 8,
    step: 'snapshot',
    cells: {
      ...onTheWay(CREATE_SNAPSHOT, 'D'),
      EC: ends('D', CREATE_SNAPSHOT),
      CP: ends('D', CREATE_SNAPSHOT, {
        rule: { kind: 'refusal', code: 'PendingSnapshotLimitExceeded', status: 400, count: 2 },
        note: 'a place becomes free',
      }),
      DN: ends('F', CREATE_SNAPSHOT),
      SA: NO_COMMAND,
      IT: ends('D', CREATE_SNAPSHOT, { note: 'a new instance and a new volume' }),
      RD: ends('F', { action: '*', region: HOME }),
      CN: ends('X', CREATE_SNAPSHOT),
      ...serverColumns(),
    },
  },
  {
    row: 9,
    step: 'register',
    cells: {
      ...onTheWay(REGISTER, 'D'),
      EC: ends('D', REGISTER),
      CP: ends('F', REGISTER, { rule: { kind: 'quota', count: 0 } }),
      DN: ends('F', REGISTER),
      SA: NO_COMMAND,
      IT: ends('F', REGISTER),
      RD: ends('F', { action: '*', region: HOME }),
      CN: ends('X', REGISTER),
      ...serverColumns(),
    },
  },
  {
    row: 10,
    step: 'test',
    cells: {
      ...onTheWay(RUN_INSTANCES, 'D', { ZO: ends('D', SEND), K1: ends('D', SEND) }),
      EC: ends('D', RUN_INSTANCES),
      CP: ends('D', RUN_INSTANCES, {
        rule: { kind: 'capacity', instanceType: 't3.small', count: 0 },
        note: 'the next type; another token',
      }),
      DN: ends('F', RUN_INSTANCES),
      SA: NO_COMMAND,
      IT: ends('D', SEND, { note: 'at most twice' }),
      RD: ends('F', { action: '*', region: HOME }),
      CN: ends('X', RUN_INSTANCES),
      ...serverColumns(),
    },
  },
  {
    row: 11,
    step: 'copy',
    cells: COPY_CELLS,
  },
  {
    row: 12,
    step: 'publish',
    cells: {
      ...onTheWay(MODIFY_IMAGE, 'D'),
      EC: ends('D', MODIFY_SNAPSHOT),
      CP: ends('R', MODIFY_IMAGE, { rule: { kind: 'quota', count: 0 } }),
      DN: ends('R', MODIFY_IMAGE),
      SA: NO_COMMAND,
      IT: ends('R', MODIFY_SNAPSHOT),
      RD: ends('R', { action: '*', region: AWAY }),
      CN: ends('K', MODIFY_IMAGE),
      ...serverColumns(),
    },
  },
  {
    row: 13,
    step: 'notify',
    cells: {
      ...onTheWay(SEND_MESSAGE, 'D'),
      EC: NO_AWS,
      CP: NO_AWS,
      DN: runLevel('A', 'test/workflows: the side branch ends with its own patience'),
      SA: NO_COMMAND,
      IT: NO_AWS,
      RD: NO_AWS,
      CN: runLevel('D', 'test/workflows: messages are delivered in a scope that no cancel reaches'),
      ...serverColumns(),
    },
  },
  {
    row: 14,
    step: 'compensate',
    cells: {
      ...onTheWay(DEREGISTER, 'X'),
      EC: ends('X', { action: 'TerminateInstances', region: HOME }),
      CP: NO_QUOTA,
      DN: ends('A', DEREGISTER),
      SA: NO_COMMAND,
      IT: ends('X', DEREGISTER),
      RD: ends('S', { action: '*', region: HOME }),
      CN: ends('X', DEREGISTER, {
        note: 'a worker that shuts down; a second cancel of the run does not reach the scope',
      }),
      ...serverColumns({
        TS: runLevel('X', RUN_LEVEL),
        BR: runLevel('X', 'test/workflows: messages leave from a side branch'),
        DP: runLevel('X', 'test/replay: every recorded history on the present code'),
      }),
    },
  },
  {
    row: 15,
    step: 'sweep',
    cells: sweepCells(),
  },
  {
    row: 16,
    step: 'direct',
    cells: {
      ...onTheWay(PUT_BLOCK, 'D'),
      EC: ends('D', START_SNAPSHOT),
      CP: ends('D', START_SNAPSHOT, {
        rule: { kind: 'quota', count: 2 },
        note: 'another pending snapshot is complete soon',
      }),
      DN: ends('F', START_SNAPSHOT),
      SA: NO_COMMAND,
      IT: ends('D', PUT_BLOCK, { note: 'a new snapshot' }),
      RD: ends('F', { action: '*', region: HOME }),
      CN: ends('X', PUT_BLOCK),
      ...serverColumns(),
    },
  },
  {
    row: 17,
    step: 'early-copy',
    cells: COPY_CELLS,
  },
];

/** The sweep has tests of its own; its cells name them. */
function sweepCells(): Row['cells'] {
  const where = 'the tests of the sweep';
  const done = runLevel('D', where);
  return {
    ...{ LR: done, TH: done, '5X': done, TO: done, EC: done, K0: done, K1: done, ZO: done },
    CP: NO_QUOTA,
    DN: runLevel('A', where),
    SA: NO_COMMAND,
    IT: done,
    RD: runLevel('A', where),
    CN: never('a sweep that is cancelled goes on with the next one'),
    ...serverColumns({ TM: runLevel('D', where), DP: done }),
  };
}
