/** A cloud and its server, with the machines passed in. */

import type { Cloud } from './cloud.js';
import type { Credentials } from './credentials.js';
import { chooseCredentials, openKeyRing } from './credentials.js';
import type { CloudOptions } from './open-cloud.js';
import { openCloud } from './open-cloud.js';
import { startServer } from './http/server.js';
import { createThrottle } from './faults/throttle.js';
import { services } from './services.js';

export interface StartOptions extends CloudOptions {
  /** 0, the default, is any free port. */
  readonly port?: number;
  readonly credentials?: Credentials;
}

export interface StartedCloud {
  readonly url: string;
  /** Those of the start; a control call can put others in their place. */
  readonly credentials: Credentials;
  readonly cloud: Cloud;
  readonly close: () => Promise<void>;
}

export async function startCloud(options: StartOptions): Promise<StartedCloud> {
  const credentials = options.credentials ?? chooseCredentials();
  const opened = openCloud(options);
  const { cloud } = opened;
  try {
    for (const service of services) service.resume?.(cloud);
    const api = { cloud, keys: openKeyRing(credentials), throttle: createThrottle() };
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
