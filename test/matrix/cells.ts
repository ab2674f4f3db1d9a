/** What the cells of the fault matrix are made of: the calls that the faults hit, and the columns that end alike. */

import type { SitePattern } from './call-site.js';
import type { CellSpec, Column, EndState, Row } from './vocabulary.js';
import { ends, never, runLevel } from './vocabulary.js';

export const HOME = 'us-east-1';

/** The other region that the steps 11, 12 and 17 are tested in. */
export const AWAY = 'eu-west-1';

export const RUN_LEVEL = 'test/chaos: whole runs on a real server';

/** What no single activity can show: the server, the broker, termination and a deployment. */
export function serverColumns(
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

export type Transport = 'LR' | 'TH' | '5X' | 'TO' | 'K0' | 'K1' | 'ZO';

/** Faults of the way there and back, all at one call, all with one end. */
export function onTheWay(
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

export const IN_WORKFLOW = 'test/workflows and test/client: no activity takes part';

export const NO_COMMAND = never('no command runs on an instance in this step');

export const NO_AWS = never('the step makes no call to AWS');

export const NO_QUOTA = never('the step needs no capacity and no quota');

export const RUN_INSTANCES: SitePattern = { action: 'RunInstances', region: HOME };

export const POLL_INSTANCE: SitePattern = {
  action: 'DescribeInstances',
  region: HOME,
  by: 'instance-id',
};

export const SEND: SitePattern = { action: 'SendCommand', region: HOME };

export const READ_COMMAND: SitePattern = { action: 'GetCommandInvocation', region: HOME };

export const LIST_COMMANDS: SitePattern = { action: 'ListCommandInvocations', region: HOME };

export const DETACH: SitePattern = { action: 'DetachVolume', region: HOME };

export const CREATE_SNAPSHOT: SitePattern = { action: 'CreateSnapshot', region: HOME };

export const START_SNAPSHOT: SitePattern = { action: 'StartSnapshot', region: HOME };

export const PUT_BLOCK: SitePattern = { action: 'PutSnapshotBlock', region: HOME };

export const REGISTER: SitePattern = { action: 'RegisterImage', region: HOME };

export const COPY: SitePattern = { action: 'CopySnapshot', region: AWAY };

export const MODIFY_IMAGE: SitePattern = { action: 'ModifyImageAttribute', region: AWAY };

export const MODIFY_SNAPSHOT: SitePattern = { action: 'ModifySnapshotAttribute', region: AWAY };

export const DEREGISTER: SitePattern = { action: 'DeregisterImage', region: HOME };

export const METADATA: SitePattern = { action: 'GET', by: 'images.json' };

export const BLOCK_STATE: SitePattern = { action: 'GetImageBlockPublicAccessState', region: AWAY };

export const UTILITY_AMI: SitePattern = { action: 'DescribeImages', region: HOME, by: 'image-id' };

export const SEND_MESSAGE: SitePattern = { action: 'send' };

/** Of the copy step, and of a copy that begins with the test. */
export const COPY_CELLS: Row['cells'] = {
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

/** The sweep has tests of its own; its cells name them. */
export function sweepCells(): Row['cells'] {
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
