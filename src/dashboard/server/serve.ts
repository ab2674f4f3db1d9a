/** The dashboard as a server: from a session to an address that answers. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { StartOptions } from '../../client/start.js';
import type { Session } from '../../client/session.js';
import { Board } from '../board/board.js';
import type { CatalogueSource } from '../board/catalogue.js';
import { Catalogue } from '../board/catalogue.js';
import { temporalSource } from '../board/temporal-source.js';
import { createApp } from './app.js';
import { Events } from './events.js';
import type { ActsMode } from './gate.js';
import { Gate } from './gate.js';
import { createOperator } from './operator.js';
import { PolicyReports } from './reports.js';

export interface DashboardOptions {
  readonly session: Session;
  /** For runs that an act starts. */
  readonly start: StartOptions;
  readonly catalogue: CatalogueSource;
  readonly acts: ActsMode;
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly publicUrl?: URL | undefined;
  readonly log?: (line: string) => void;
}

export interface Dashboard {
  readonly url: string;
  /** What browsers reported against the policy of the pages. */
  readonly reports: readonly string[];
  close(): Promise<void>;
}

/** Listens; rejects with the system's error when the address is taken or not of this machine. */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { session, start, acts, hostname, port, publicUrl, log = () => undefined } = options;
  const source = temporalSource(session);
  const board = new Board({ source, log });
  const events = new Events(board);
  const catalogue = new Catalogue(options.catalogue, log);
  const reports = new PolicyReports(log);
  const app = createApp({
    ...{ board, source, catalogue, events, reports, log },
    gate: new Gate(acts, publicUrl?.protocol === 'https:'),
    operator: createOperator(session, start),
    own: { hostname, publicUrl },
  });
  const server = createAdaptorServer({ fetch: app.fetch, hostname });
  const close = async (): Promise<void> => {
    events.close();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      if ('closeIdleConnections' in server) server.closeIdleConnections();
    });
    await Promise.all([board.close(), catalogue.close()]);
  };
  try {
    server.listen(port, hostname);
    await once(server, 'listening');
  } catch (error) {
    await Promise.all([board.close(), catalogue.close()]);
    throw error;
  }
  const { port: taken } = server.address() as AddressInfo;
  const shown = hostname.includes(':') ? `[${hostname}]` : hostname;
  return {
    url: `http://${shown}:${taken}`,
    get reports() {
      return reports.kept;
    },
    close,
  };
}
