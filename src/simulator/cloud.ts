/** The cloud's shared object, which the server and all services hold. */

import type { Ghosts } from './store/ghosts.js';
import type { ChangeReader } from './store/resource-change.js';
import type { Clock } from './clock.js';
import type { IamBook } from './iam/iam-book.js';
import type { EffectLog } from './store/effects.js';
import type { FaultBook } from './faults/faults.js';
import type { Latency } from './latency.js';
import type { Machine, MachineFactory } from './machine/machine.js';
import type { Random } from './random.js';
import type { CloudSettings, SettingsBook } from './settings.js';
import type {
  AccountRecord,
  FreedName,
  ImageRecord,
  InstanceRecord,
  RegionTable,
  SecurityGroupRecord,
  SnapshotRecord,
  TokenRecord,
  VolumeRecord,
} from './store/state.js';
import type { Store, Table } from './store/store.js';

export interface Cloud {
  readonly accountId: string;
  /** Absolute; `instances/ID` below it belongs to that instance's machine. */
  readonly stateDir: string;
  readonly clock: Clock;
  readonly latency: Latency;
  readonly random: Random;
  /** The settings of now; they change while the cloud runs. */
  readonly settings: CloudSettings;
  readonly settingsBook: SettingsBook;
  readonly changes: ChangeReader;
  readonly ghosts: Ghosts;
  /** For tables of a service's own: `store.table<CommandRecord>('ssm-command')`. Flushed before each answer. */
  readonly store: Store;
  readonly faults: FaultBook;
  /** Who may do what; without principals everyone may do everything. */
  readonly iam: IamBook;
  readonly effects: EffectLog;
  readonly log: (line: string) => void;

  readonly instances: RegionTable<InstanceRecord>;
  readonly volumes: RegionTable<VolumeRecord>;
  readonly snapshots: RegionTable<SnapshotRecord>;
  readonly images: RegionTable<ImageRecord>;
  readonly securityGroups: RegionTable<SecurityGroupRecord>;
  readonly accounts: Table<AccountRecord>;
  readonly tokens: Table<TokenRecord>;
  /** Ids of deregistered images, by `region/id`. */
  readonly deregistered: Table<true>;
  /** Names of deregistered images that still count as in use, by `region/name`. */
  readonly freedNames: Table<FreedName>;

  readonly machineFactory: MachineFactory;
  /** The machines that are powered on, by instance id (ids are unique over all regions). */
  readonly machines: Map<string, Machine>;
  /**
   * Whether the instance's SSM agent is registered and answers now: it is running, its agent is up,
   * and no fault has killed the agent.
   */
  agentOnline(region: string, instanceId: string): boolean;
  /** Whether the cloud is being closed: background work then ends without a log line. */
  isClosed(): boolean;
  /** Starts work that only close() waits for; its errors are logged. */
  background(work: Promise<unknown>): void;
  /** The next number in the order of creation. */
  nextSeq(): number;
  /**
   * Keeps what has changed and logs it as something that happened by itself, such as
   * `instance-running`. Call it in the same turn as the change.
   */
  happened(event: string, region: string, detail?: unknown): void;
}
