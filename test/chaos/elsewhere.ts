/** A second installation, started when a schedule first asks for it: another Temporal server with a worker of its own. */

import type { OwnTemporal } from '../support/own-temporal.js';
import { withOwnTemporal } from '../support/own-temporal.js';
import { CloudProxy } from './cloud-proxy.js';
import type { Crew } from './crew.js';

export interface Installation {
  readonly temporal: OwnTemporal;
  readonly crew: Crew;
}

export class Elsewhere {
  readonly #proxy = new CloudProxy();
  readonly #makeCrew: (temporal: OwnTemporal, proxy: CloudProxy) => Promise<Crew>;
  #installation: Promise<Installation> | undefined;
  #ended: Promise<void> = Promise.resolve();
  #end: () => void = () => undefined;

  constructor(makeCrew: (temporal: OwnTemporal, proxy: CloudProxy) => Promise<Crew>) {
    this.#makeCrew = makeCrew;
  }

  /** Its worker polls, and calls this cloud. */
  async in(cloudUrl: string): Promise<Installation> {
    this.#proxy.connect(cloudUrl);
    const installation = await (this.#installation ??= this.#start());
    await installation.crew.muster();
    return installation;
  }

  async close(): Promise<void> {
    this.#end();
    await this.#ended;
    await this.#proxy.close();
  }

  #start(): Promise<Installation> {
    const isOver = new Promise<void>((resolve) => (this.#end = resolve));
    return new Promise((resolve, reject) => {
      this.#ended = withOwnTemporal(async (temporal) => {
        const crew = await this.#makeCrew(temporal, this.#proxy);
        resolve({ temporal, crew });
        await isOver;
        await crew.close();
      }).catch(reject);
    });
  }
}
