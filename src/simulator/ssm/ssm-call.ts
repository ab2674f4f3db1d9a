/** One request to the SSM half, with all that its action needs. */

import type { Cloud } from '../cloud.js';
import type { SsmTables } from './command-state.js';
import type { Dispatcher } from './dispatcher.js';
import type { Members } from '../members.js';

export interface SsmCall {
  readonly cloud: Cloud;
  readonly region: string;
  readonly members: Members;
  readonly tables: SsmTables;
  readonly dispatcher: Dispatcher;
  /** A UUID from the cloud's seeded randomness. */
  newCommandId(): string;
}

/** Returns the answer's body, or throws a CloudError. */
export type SsmAction = (call: SsmCall) => unknown;
