/** What all cells share: one compose on one server, one configuration, and the clouds that were prepared before. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import type { ComposeServer } from '../../src/local/compose-server/compose-server.js';
import { startComposeServer } from '../../src/local/compose-server/compose-server.js';
import type { SampleImage } from '../../src/local/compose-server/sample-compose.js';
import { writeSampleCompose } from '../../src/local/compose-server/sample-compose.js';
import type { ImageRequest } from '../../src/model/plan/plan.js';
import { copyCloud } from '../support/copy-cloud.js';
import { writeConfig } from '../support/publisher-config.js';
import { AWAY, HOME } from './cells.js';

export interface Bench {
  readonly server: ComposeServer;
  readonly config: Config;
  readonly composeId: string;
  readonly image: SampleImage;
  readonly request: ImageRequest;
  /** A new folder for one cloud, with a copy of `from` in it where one is named. */
  cloudFolder(from?: string): Promise<string>;
  close(): Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'fedimg-test-matrix-'));
  const server = await startComposeServer({ directory });
  const options = {
    publish: [`regions = ["${HOME}", "${AWAY}", "us-east-2"]`],
  };
  const file = await writeConfig({ directory, options, server, taskQueue: 'none' });
  const { config } = await loadConfig({ path: file, env: {}, cwd: '/' });
  const composeId = 'Fedora-Cloud-43-20251021.0';
  const compose = await writeSampleCompose({
    directory,
    composeId,
    baseUrl: server.url,
    rawDirectory: directory,
    rawSizeBytes: 32 * 1024 * 1024,
    dataBytes: 64 * 1024,
    architectures: ['x86_64'],
  });
  const [image] = compose.images;
  if (image === undefined) throw new TypeError('a compose without an image');
  let folders = 0;
  return {
    server,
    config,
    composeId,
    image,
    request: { composeId, release: '43', image: { ...image, arch: 'x86_64' } },
    cloudFolder: async (from) => {
      folders += 1;
      const folder = join(directory, `cloud-${folders}`);
      if (from === undefined) await mkdir(folder);
      else await copyCloud(from, folder);
      return folder;
    },
    close: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
