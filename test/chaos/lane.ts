/** Where runs take place, one after the other: a Temporal server, a proxy, workers; and a fresh cloud for each run. */

import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startComposeServer } from '../../src/local/compose-server/compose-server.js';
import type { SampleImage } from '../../src/local/compose-server/sample-compose.js';
import { writeSampleCompose } from '../../src/local/compose-server/sample-compose.js';
import type { Simulator } from '../../src/simulator/index.js';
import { publisherAccount, startSimulator } from '../../src/simulator/index.js';
import type { OwnTemporal } from '../support/own-temporal.js';
import { withOwnTemporal } from '../support/own-temporal.js';
import { CloudProxy } from './cloud-proxy.js';
import { Crew } from './crew.js';
import type { Installation } from './elsewhere.js';
import { Elsewhere } from './elsewhere.js';
import type { Scenario } from './scenario.js';

const COMPOSE_ID = 'Fedora-Cloud-43-20251021.0';
/** The other installation's sweep takes what is older than three seconds, so that it would take what a run has just made. */
const SHORT_SCALE = 0.05;
/** The smallest that holds all partitions. */
const RAW_BYTES = 32 * 1024 * 1024;

export interface Lane {
  readonly temporal: OwnTemporal;
  readonly proxy: CloudProxy;
  readonly image: SampleImage;
  readonly composeId: string;
  /** The AWS secret key of its workers, which must be seen nowhere else. */
  readonly secret: string;
  crew(scenario: Scenario): Promise<Crew>;
  /** An installation on a Temporal server of its own, whose worker calls this cloud. */
  elsewhere(cloud: OwnCloud): Promise<Installation>;
  /** An empty cloud for one run. */
  cloud(seed: number): Promise<OwnCloud>;
}

export interface OwnCloud {
  readonly simulator: Simulator;
  /** Its append-only log. */
  readonly effectsFile: string;
  close(): Promise<void>;
}

export async function withLane<T>(body: (lane: Lane) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'fedimg-chaos-'));
  await mkdir(join(directory, 'served'));
  const served = await startComposeServer({ directory: join(directory, 'served') });
  const proxy = new CloudProxy();
  const crews = new Map<Scenario, Promise<Crew>>();
  const credentials = { accessKeyId: 'AKIACHAOSCHAOSCHAOS1', secretAccessKey: randomUUID() };
  let clouds = 0;
  try {
    const { images } = await writeSampleCompose({
      directory: join(directory, 'served'),
      composeId: COMPOSE_ID,
      baseUrl: served.url,
      rawDirectory: directory,
      architectures: ['x86_64'],
      rawSizeBytes: RAW_BYTES,
      dataBytes: 256 * 1024,
    });
    const [image] = images;
    if (image === undefined) throw new TypeError('the compose has no image');
    return await withOwnTemporal(async (temporal) => {
      const makeCrew = async (
        scenario: Scenario,
        at: {
          readonly name: string;
          readonly temporal: OwnTemporal;
          readonly proxy: CloudProxy;
          readonly timeScale?: number;
        },
      ): Promise<Crew> => {
        const crew = new Crew({
          ...at,
          scenario,
          directory: join(directory, at.name),
          taskQueue: `chaos-${at.name}`,
          sourceUrl: served.url,
          secret: credentials.secretAccessKey,
          env: {
            ...at.temporal.server.env,
            TEMPORAL_ADDRESS: at.temporal.server.address,
            AWS_ACCESS_KEY_ID: credentials.accessKeyId,
            AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
          },
        });
        await crew.writeConfig();
        return crew;
      };
      const elsewhere = new Elsewhere((second, itsProxy) =>
        makeCrew('pass', {
          name: 'elsewhere',
          temporal: second,
          proxy: itsProxy,
          timeScale: SHORT_SCALE,
        }),
      );
      try {
        return await body({
          temporal,
          proxy,
          image,
          composeId: COMPOSE_ID,
          secret: credentials.secretAccessKey,
          crew: (scenario) => {
            const crew =
              crews.get(scenario) ?? makeCrew(scenario, { name: scenario, temporal, proxy });
            crews.set(scenario, crew);
            return crew;
          },
          elsewhere: ({ simulator }) => elsewhere.in(simulator.url),
          cloud: async (seed) => {
            clouds += 1;
            const stateDir = join(directory, `cloud-${clouds}`);
            const simulator = await startSimulator({
              stateDir,
              latency: 'instant',
              seed,
              // EC2's default, with room: a canary and the four AMIs of the image.
              settings: { ...publisherAccount, publicImagesPerRegion: 5 },
              credentials,
            });
            return {
              simulator,
              effectsFile: join(stateDir, 'effects.jsonl'),
              close: async () => {
                await simulator.close();
                await rm(stateDir, { recursive: true, force: true });
              },
            };
          },
        });
      } finally {
        await elsewhere.close();
        for (const crew of crews.values()) await (await crew).close();
      }
    });
  } finally {
    await proxy.close();
    await served.close();
    await rm(directory, { recursive: true, force: true });
  }
}
