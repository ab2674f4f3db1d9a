/** Composes, images and records as a page shows them, and a dashboard without Temporal around them. */

import type { Hono } from 'hono';
import type { Publication } from '../../src/client/publications.js';
import { Board } from '../../src/dashboard/board/board.js';
import { Catalogue } from '../../src/dashboard/board/catalogue.js';
import type { BoardSource } from '../../src/dashboard/board/reading.js';
import { createApp } from '../../src/dashboard/server/app.js';
import { Events } from '../../src/dashboard/server/events.js';
import type { ActsMode } from '../../src/dashboard/server/gate.js';
import { Gate } from '../../src/dashboard/server/gate.js';
import type { Act } from '../../src/dashboard/server/operator.js';
import { PolicyReports } from '../../src/dashboard/server/reports.js';
import { ClientError } from '../../src/client/errors.js';
import { workflowIdOf } from '../../src/model/ids/workflow-ids.js';
import { variantsOf, variantKey } from '../../src/model/ids/variant.js';
import { regionsCommand } from '../../src/model/status/commands.js';
import type { AmiRecord } from '../../src/model/progress/progress.js';
import { STEPS } from '../../src/model/progress/progress.js';
import type {
  ComposeOverview,
  ImageOverview,
  Overview,
  RegionOverview,
  RegionOverviewState,
} from '../../src/model/status/overview.js';
import { regions as ALL_REGIONS } from '../../src/simulator/regions.js';
import { someRecord } from '../support/records.js';

/** Of the standard partition. */
export const REGIONS: readonly string[] = [...ALL_REGIONS.keys()].filter(
  (name) => !/^(?:cn|us-gov)-/.test(name),
);
const VARIANTS = variantsOf(['hvm', 'paravirtual'], ['gp2', 'standard']);

const digits = (text: string): string => {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 0xffffffff;
  return `0${hash.toString(16)}${(hash * 7).toString(16)}0000000000000000`.slice(0, 17);
};

export function someRegion(
  region: string,
  state: RegionOverviewState = 'published',
  overrides: Partial<RegionOverview> = {},
): RegionOverview {
  const isMade = ['copied', 'publishing', 'published', 'private'].includes(state);
  const hasBegun = state !== 'waiting';
  return {
    ...{ region, state, isHome: region === 'us-east-1', required: region === 'us-east-1' },
    ...{
      since: ago(300),
      startedAt: hasBegun ? ago(600) : null,
      endedAt: isMade ? ago(120) : null,
    },
    ...{ percent: state === 'copying' ? 40 : null, attempt: 1, reason: null, nextTryAt: null },
    ...{ next: null, dueAt: null },
    variants: VARIANTS.map((variant) => ({
      ...{ variant: variantKey(variant), name: `name-${region}-${variantKey(variant)}` },
      state: isMade ? (state === 'published' ? 'public' : 'registered') : 'waiting',
      ami: isMade ? `ami-${digits(region + variantKey(variant))}` : null,
      ...{ snapshot: null, tested: true, reason: null },
    })),
    ...overrides,
  };
}

export function ago(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString();
}

export function someImage(overrides: Partial<ImageOverview> = {}): ImageOverview {
  const {
    compose = 'Fedora-Cloud-44-20261122.0',
    arch = 'x86_64',
    outcome = 'published',
  } = overrides;
  const workflowId = overrides.workflowId ?? `image/${compose}/Cloud_Base/${arch}`;
  const { step = 'copy' } = overrides;
  const isOpen = outcome === 'running';
  const current = isOpen && step !== null ? STEPS.indexOf(step) : STEPS.length;
  return {
    kind: 'image',
    ...{ workflowId, runId: `run-${workflowId}`, id: workflowId, compose, arch, outcome },
    ...{
      release: '44',
      image: `Fedora-Cloud-Base-AmazonEC2-44-20261122.0.${arch}`,
      isByHand: false,
    },
    ...{ startedAt: ago(2400), closedAt: isOpen ? null : ago(300), isCancelling: false },
    ...{ attention: null, reason: null, next: [], failure: null, note: null },
    link: `http://ui.example/namespaces/default/workflows/${encodeURIComponent(workflowId)}`,
    ...{ homeRegion: 'us-east-1', step, expectedSeconds: 3000, transfer: null, waits: [] },
    steps: STEPS.map((name, index) => ({
      step: name,
      state: index < current ? 'done' : index === current ? 'running' : 'waiting',
      startedAt: index <= current ? ago(2400 - index * 240) : null,
      endedAt: index < current ? ago(2400 - (index + 1) * 240) : null,
      expectedSeconds: 240 + 30 * index,
    })),
    regions: REGIONS.map((region) => someRegion(region)),
    ...{ troubles: [], patience: null, hold: null, acts: [], unsent: [] },
    untested: [],
    tests: [
      {
        ...{ variant: 'hvm-gp2', ami: 'ami-0d5d8b2c3c3572983', instanceId: 'i-0a1b2c3d4e5f60718' },
        ...{
          exitStatus: 0,
          seconds: 41,
          output: 'cloud-init: done\nselinux: enforcing\nall is well\n',
        },
      },
    ],
    ...overrides,
  };
}

/** A region that failed and waits for an operator, with what the operator can do. */
export function withSickRegion(image: ImageOverview, region = 'ap-east-1'): ImageOverview {
  const reason = 'the quota of public AMIs is used up: 5 of 5';
  const regions = image.regions.map((one) =>
    one.region === region
      ? someRegion(region, 'waiting-for-operator', {
          ...{
            reason,
            next: 'Raise the quota "Public AMIs" of EC2 in this region.',
            dueAt: ago(-3600),
          },
        })
      : one,
  );
  const next = (['retry', 'skip'] as const).map((act) => ({
    ...{ act, what: act === 'retry' ? 'try again' : 'leave out', regions: [region] },
    command: regionsCommand(act, image, [region]),
  }));
  return { ...image, regions, next, attention: 'region-waits', reason };
}

export function waitingForApproval(image: ImageOverview): ImageOverview {
  const hold = { for: 'approval', before: 'copy', since: ago(900) } as const;
  const command = `fedimg approve ${image.id}`;
  const next = [{ act: 'approve' as const, what: 'let the step copy begin', command, regions: [] }];
  return { ...image, hold, next, attention: 'approval' };
}

export function someCompose(overrides: Partial<ComposeOverview> = {}): ComposeOverview {
  const { compose = 'Fedora-Cloud-44-20261122.0', outcome = 'published' } = overrides;
  const isOpen = outcome === 'running';
  const images = overrides.images ?? [
    someImage({ compose }),
    someImage({ compose, arch: 'aarch64' }),
  ];
  return {
    kind: 'compose',
    ...{ workflowId: `compose/${compose}`, runId: `run-${compose}`, id: compose, compose, outcome },
    ...{ release: '44', startedAt: ago(2500), closedAt: isOpen ? null : ago(200) },
    ...{ isCancelling: false, reason: null, next: [], failure: null, note: null },
    ...{ attention: images.find(({ attention }) => attention !== null)?.attention ?? null },
    ...{ link: 'http://ui.example/compose', state: isOpen ? 'publishing' : 'done' },
    ...{ pungi: 'FINISHED', images, absent: [] },
    ...overrides,
  };
}

/** The newest release of two images, and an older one, in all regions and variants. */
export function someRecords(): AmiRecord[] {
  return ['44', '43'].flatMap((release) =>
    (['x86_64', 'aarch64'] as const).flatMap((arch) =>
      REGIONS.flatMap((region) =>
        VARIANTS.filter(({ virt }) => arch === 'x86_64' || virt === 'hvm').map((variant) => {
          const record = someRecord({ release, arch, region, ...variant });
          return { ...record, ami: `ami-${digits(record.ami ?? '')}`, label: 'RC-1.6' };
        }),
      ),
    ),
  );
}

export interface TestDashboard {
  readonly app: Hono;
  readonly board: Board;
  readonly reports: PolicyReports;
  readonly events: Events;
  readonly acts: readonly Act[];
  readonly log: readonly string[];
  /** What the next reading of the board finds. */
  show(overviews: readonly Overview[]): void;
  /** Makes Temporal unreachable, or reachable again. */
  setTrouble(trouble: string | undefined): void;
  close(): Promise<void>;
}

export interface TestDashboardOptions {
  readonly overviews?: readonly Overview[];
  readonly records?: readonly AmiRecord[];
  readonly acts?: ActsMode;
  readonly publicUrl?: URL;
}

export function testDashboard(options: TestDashboardOptions = {}): TestDashboard {
  let { overviews = [] } = options;
  let trouble: string | undefined;
  const acts: Act[] = [];
  const log: string[] = [];
  const answer = <T>(value: T): Promise<T> =>
    trouble === undefined ? Promise.resolve(value) : Promise.reject(new Error(trouble));
  const all = () =>
    overviews.flatMap((one) => (one.kind === 'compose' ? [one, ...one.images] : [one]));
  const source: BoardSource = {
    list: (which) => {
      const runs = all().map(runOf);
      return answer(
        which === 'all' ? runs : runs.filter(({ execution }) => execution === 'RUNNING'),
      );
    },
    read: ({ workflowId }) => {
      const found = all().find((one) => one.workflowId === workflowId);
      if (found !== undefined) return answer(found);
      return Promise.reject(new ClientError('not-found', `there is no ${workflowId}`, 'List all.'));
    },
    workflowIdOf: (id) => workflowIdOf('fedimg', id),
  };
  const note = (line: string): number => log.push(line);
  const board = new Board({ source, log: note, intervalMs: 50 });
  const events = new Events(board);
  const reports = new PolicyReports(note);
  const records = options.records ?? [];
  const catalogue = new Catalogue(
    { read: () => answer({ records, notes: [] }), linkOf: () => null },
    note,
  );
  const app = createApp({
    ...{ board, source, catalogue, events, reports, log: note },
    gate: new Gate(options.acts ?? { kind: 'off' }, false),
    operator: (act) => {
      acts.push(act);
      return Promise.resolve({ tone: 'good', text: `${act.action} ${act.id}: done.` });
    },
    own: { hostname: '127.0.0.1', publicUrl: options.publicUrl },
  });
  return {
    ...{ app, board, events, reports, acts, log },
    show: (next) => (overviews = next),
    setTrouble: (next) => (trouble = next),
    close: async () => {
      events.close();
      await board.close();
    },
  };
}

export function runOf(one: Overview): Publication {
  return {
    ...{ kind: one.kind, workflowId: one.workflowId, runId: one.runId },
    execution: one.outcome === 'running' ? 'RUNNING' : 'COMPLETED',
    ...{ startedAt: one.startedAt, closedAt: one.closedAt, compose: one.compose },
    image: one.kind === 'image' ? one.image : null,
    arch: one.kind === 'image' ? one.arch : null,
    phase: one.outcome,
    child: one.kind === 'image' && !one.isByHand,
    link: one.link,
  };
}
