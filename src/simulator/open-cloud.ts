/** Opens a cloud on its state directory: tables, presets, and the work that was under way before. */

import { resumeDetachment } from './ec2/lib/attachment.js';
import { beginFilling, forgetVolumeLater } from './ec2/lib/volume-lifecycle.js';
import fs from 'node:fs';
import path from 'node:path';
import { createChangeReader } from './store/changes.js';
import { createGhosts } from './store/ghosts.js';
import type { ChangeReader } from './store/resource-change.js';
import type { Cloud } from './cloud.js';
import type { Clock } from './clock.js';
import { createClock } from './clock.js';
import { presetAmazonImages } from './ec2/lib/amazon-images.js';
import { resumeInstance } from './ec2/lib/instance-lifecycle.js';
import { presetDefaultGroups } from './ec2/lib/network-defaults.js';
import { openEffectLog } from './store/effects.js';
import { openFaultBook } from './faults/faults.js';
import { IamBook } from './iam/iam-book.js';
import type { IamSetupInput } from './iam/setup.js';
import type { LatencyProfile } from './latency.js';
import { createLatency } from './latency.js';
import type { Machine, MachineFactory } from './machine/machine.js';
import { createRandom } from './random.js';
import type { CloudSettings } from './settings.js';
import { openSettings, SettingsError } from './settings.js';
import type {
  AccountRecord,
  FreedName,
  ImageRecord,
  InstanceRecord,
  SecurityGroupRecord,
  SnapshotRecord,
  TokenRecord,
  VolumeRecord,
} from './store/state.js';
import { openRegionTable } from './store/state.js';
import { blockDigestFile, prepareFolders } from './store/storage.js';
import { lockStateDirectory } from './store/state-lock.js';
import type { Store } from './store/store.js';
import { openStore } from './store/store.js';

export interface CloudOptions {
  readonly stateDir: string;
  readonly latency?: LatencyProfile;
  readonly latencyScale?: number;
  readonly seed?: number;
  readonly settings?: Partial<CloudSettings>;
  readonly iam?: IamSetupInput;
  readonly machineFactory: MachineFactory;
  readonly log?: (line: string) => void;
  /** Closed with the cloud. */
  readonly clock?: Clock;
}

export interface OpenCloud {
  readonly cloud: Cloud;
  /** Ends every machine and timer; the state stays. */
  readonly close: () => Promise<void>;
}

/** Start numbers leave room for this many resources between two restarts. */
const seqPerEpoch = 1_000_000_000;

export function openCloud(options: CloudOptions): OpenCloud {
  const stateDir = path.resolve(options.stateDir);
  prepareFolders(stateDir);
  const unlock = lockStateDirectory(stateDir);
  try {
    return openLocked(options, stateDir, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

function openLocked(options: CloudOptions, stateDir: string, unlock: () => void): OpenCloud {
  const clock = options.clock ?? createClock();
  const store = openStore(stateDir);
  const meta = store.table<number>('meta');
  const epoch = (meta.get('epoch') ?? 0) + 1;
  meta.put('epoch', epoch);
  const random = createRandom(options.seed, epoch);
  const effects = openEffectLog(stateDir, () => clock.now());
  const settingsBook = openSettings(store, options.settings ?? {});
  keepPartition(store, settingsBook.current.partition);
  const background = createBackground((line) => cloud.log(line));
  const iam = new IamBook(settingsBook.current, () => clock.now());
  if (options.iam !== undefined) iam.replace(options.iam);
  let changes: ChangeReader | undefined;
  let seq = epoch * seqPerEpoch;

  const cloud: Cloud = {
    accountId: settingsBook.current.accountId,
    stateDir,
    clock,
    latency: createLatency(options.latency ?? 'fast', random, options.latencyScale),
    random,
    settings: settingsBook.current,
    settingsBook,
    // Made at its first use, so that presets do not count as changes.
    get changes() {
      return (changes ??= createChangeReader(cloud));
    },
    ghosts: createGhosts(),
    store,
    faults: openFaultBook(store, random, () => clock.now()),
    iam,
    effects,
    log: options.log ?? (() => undefined),
    ...openTables(store),
    machineFactory: options.machineFactory,
    machines: new Map<string, Machine>(),
    agentOnline: (region, instanceId) => isAgentOnline(cloud, region, instanceId),
    isClosed: background.isClosed,
    background: background.add,
    nextSeq: () => (seq += 1),
    happened: (event, region, detail) => recordEvent(cloud, event, region, detail),
  };

  presetDefaultGroups(cloud);
  presetAmazonImages(cloud);
  removeOrphans(cloud);
  store.takeChanges();
  store.flush();
  changes = createChangeReader(cloud);
  resumeWork(cloud);
  return { cloud, close: () => closeCloud(cloud, background, unlock) };
}

/** A state directory belongs to one partition: its regions and Amazon's images are in it. */
function keepPartition(store: Store, wanted: string): void {
  const table = store.table<string>('partition');
  const known =
    table.get('name') ?? (store.table<number>('meta').get('epoch') === 1 ? wanted : 'aws');
  if (known !== wanted) {
    throw new SettingsError(`The state is of the partition ${known}, and ${wanted} is asked for.`);
  }
  table.put('name', wanted);
}

function openTables(store: Store) {
  return {
    instances: openRegionTable<InstanceRecord>(store, 'instance'),
    volumes: openRegionTable<VolumeRecord>(store, 'volume'),
    snapshots: openRegionTable<SnapshotRecord>(store, 'snapshot'),
    images: openRegionTable<ImageRecord>(store, 'image'),
    securityGroups: openRegionTable<SecurityGroupRecord>(store, 'security-group'),
    accounts: store.table<AccountRecord>('account'),
    tokens: store.table<TokenRecord>('token'),
    deregistered: store.table<true>('deregistered'),
    freedNames: store.table<FreedName>('freed-name'),
  };
}

function isAgentOnline(cloud: Cloud, region: string, instanceId: string): boolean {
  const instance = cloud.instances.get(region, instanceId);
  if (instance?.state !== 'running' || instance.agentLost === true) return false;
  return cloud.machines.get(instanceId)?.agentOnline() ?? false;
}

function recordEvent(cloud: Cloud, event: string, region: string, detail: unknown): void {
  if (cloud.isClosed()) return;
  const changed = cloud.store.takeChanges().filter((name) => !name.startsWith('faults/'));
  const resources = cloud.changes.read(changed).map(({ change }) => change);
  cloud.store.flush();
  cloud.effects.record({
    kind: 'event',
    service: 'ec2',
    action: event,
    region,
    result: 'ok',
    request: detail,
    changed,
    ...(resources.length > 0 ? { resources } : {}),
  });
}

/** Work that only closing waits for. */
interface Background {
  readonly add: (work: Promise<unknown>) => void;
  readonly isClosed: () => boolean;
  /** True the first time. */
  readonly close: () => boolean;
  readonly settled: () => Promise<void>;
}

function createBackground(log: (line: string) => void): Background {
  const underWay = new Set<Promise<void>>();
  let closed = false;
  return {
    add: (work) => {
      const done = work.then(
        () => undefined,
        (error: unknown) => {
          if (!closed) log(`in the background: ${String(error)}`);
        },
      );
      underWay.add(done);
      void done.then(() => underWay.delete(done));
    },
    isClosed: () => closed,
    close: () => {
      const first = !closed;
      closed = true;
      return first;
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

async function closeCloud(cloud: Cloud, background: Background, unlock: () => void): Promise<void> {
  if (!background.close()) return;
  cloud.clock.close();
  await Promise.allSettled([...cloud.machines.values()].map((machine) => machine.destroy()));
  cloud.machines.clear();
  await background.settled();
  cloud.store.close();
  cloud.effects.close();
  unlock();
}

/** Removes files that have no record: a kill came before the journal was written. */
function removeOrphans(cloud: Cloud): void {
  const volumes = new Set([...cloud.volumes.all()].map(({ id }) => id));
  const images = [...cloud.snapshots.all()].map(({ file }) => path.basename(file));
  const snapshots = new Set([...images, ...images.map(blockDigestFile)]);
  const remove = (folder: string, isKept: (name: string) => boolean): void => {
    for (const name of fs.readdirSync(path.join(cloud.stateDir, folder))) {
      if (isKept(name)) continue;
      fs.rmSync(path.join(cloud.stateDir, folder, name), { recursive: true, force: true });
    }
  };
  remove('volumes', (name) => volumes.has(path.parse(name).name));
  remove('snapshots', (name) => snapshots.has(name));
  const running = [...cloud.instances.all()].filter(({ state }) => state !== 'terminated');
  const instances = new Set(running.map(({ id }) => id));
  remove('instances', (name) => instances.has(name));
}

/** Goes on with what was under way when the process ended. */
function resumeWork(cloud: Cloud): void {
  for (const volume of cloud.volumes.all()) {
    if (volume.goneAt !== undefined) forgetVolumeLater(cloud, volume);
    else if (!volume.filled && volume.failed === undefined) beginFilling(cloud, volume);
    if (volume.attachment?.detaching === true) resumeDetachment(cloud, volume);
  }
  for (const instance of [...cloud.instances.all()]) {
    cloud.background(resumeInstance(cloud, instance));
  }
}
