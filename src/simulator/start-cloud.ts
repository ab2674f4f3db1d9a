/** A cloud and its server, with the machines and the SSM half passed in. */

import type { SsmHandler } from './cloud.js';
import type { Cloud } from './cloud.js';
import type { Credentials } from './credentials.js';
import { chooseCredentials } from './credentials.js';
import type { CloudOptions } from './open-cloud.js';
import { openCloud } from './open-cloud.js';
import { startServer } from './http/server.js';
import { createThrottle } from './faults/throttle.js';

export interface StartOptions extends CloudOptions {
  /** 0, the default, is any free port. */
  readonly port?: number;
  readonly credentials?: Credentials;
  readonly ssm: SsmHandler;
}

export interface StartedCloud {
  readonly url: string;
  readonly credentials: Credentials;
  readonly cloud: Cloud;
  readonly close: () => Promise<void>;
}

export async function startCloud(options: StartOptions): Promise<StartedCloud> {
  const credentials = options.credentials ?? chooseCredentials();
  const opened = openCloud(options);
  const { cloud } = opened;
  try {
    const api = { cloud, credentials, ssm: options.ssm, throttle: createThrottle() };
    const server = await startServer(api, options.port ?? 0);
    return {
      url: server.url,
      credentials,
      cloud,
      close: async () => {
        await server.close();
        await opened.close();
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}
