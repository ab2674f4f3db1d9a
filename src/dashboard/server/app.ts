/** The addresses of the dashboard, and what each of them answers. */

import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { bodyLimit } from 'hono/body-limit';
import { timing } from 'hono/timing';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ClientError } from '../../client/errors.js';
import type { Board, BoardSource } from '../board/board.js';
import type { Catalogue } from '../board/catalogue.js';
import { layout, messagePage } from '../pages/layout.js';
import { addActs } from './act-routes.js';
import type { Events } from './events.js';
import type { Gate } from './gate.js';
import type { Operator } from './operator.js';
import { addPages } from './page-routes.js';
import type { PolicyReports } from './reports.js';
import type { OwnAddress } from './security.js';
import { ownHostOnly, pageHeaders } from './security.js';
import { addStaticFiles } from './static-routes.js';
import { Visits } from './visits.js';

export interface AppOptions {
  readonly board: Board;
  readonly source: BoardSource;
  readonly catalogue: Catalogue;
  readonly events: Events;
  readonly gate: Gate;
  readonly operator: Operator;
  readonly reports: PolicyReports;
  readonly own: OwnAddress;
  readonly log: (line: string) => void;
}

/** A form or a report of a browser is small. */
const BODY_MAX = 16 * 1024;

export function createApp(options: AppOptions): Hono {
  const { events, reports, own, log } = options;
  const visits = new Visits(options);
  const app = new Hono();
  // How long each answer took, for the network panel of a browser.
  app.use(timing());
  app.use(pageHeaders());
  app.use(async (context, next) => {
    await next();
    // A page may name who has signed in.
    if (!context.res.headers.has('cache-control')) context.header('cache-control', 'no-store');
  });
  app.get('/healthz', (context) => context.text('ok\n'));
  app.use(ownHostOnly(own));
  app.use(bodyLimit({ maxSize: BODY_MAX }));
  addStaticFiles(app);
  app.get('/events', (context) => events.serve(context));
  app.post('/csp-report', async (context) => {
    reports.add(await context.req.text());
    return context.body(null, 204);
  });
  addActs(app, { ...options, visits });
  addPages(app, { ...options, visits });
  app.notFound(async (context) => {
    const page = messagePage('Not found', 'This address has no page.');
    return context.html(layout(page, await visits.contextOf(context)), 404);
  });
  app.onError(async (error, context) => {
    // Of the server library, such as a body that is too large.
    if (error instanceof HTTPException) return error.getResponse();
    const known = error instanceof ClientError;
    if (!known) log(`${context.req.method} ${context.req.path}: ${error.stack ?? error.message}`);
    const what = known
      ? error.message
      : 'The page cannot be made; the log of the dashboard has the reason.';
    const status = known ? STATUS[error.kind] : 500;
    if (visits.wantsJson(context)) {
      return context.json({ error: what, ...(known ? { next: error.next } : {}) }, status);
    }
    const title = status === 404 ? 'Not found' : 'Something failed';
    const page = messagePage(title, what, known ? error.next : undefined);
    return context.html(layout(page, await visits.contextOf(context)), status);
  });
  return app;
}

const STATUS: Readonly<Record<ClientError['kind'], ContentfulStatusCode>> = {
  'not-found': 404,
  refused: 409,
  conflict: 409,
  credentials: 502,
  configuration: 500,
  unreachable: 503,
};
