/** Signing in, and the acts: POST only, from this server's own pages, by visitors who may act. */

import type { Context, Hono } from 'hono';
import type { Board } from '../board/board.js';
import { layout, messagePage } from '../pages/layout.js';
import { signInPage } from '../pages/sign-in.js';
import type { Gate } from './gate.js';
import { isName } from './gate.js';
import type { Operator } from './operator.js';
import { ACTIONS } from './operator.js';
import type { OwnAddress } from './security.js';
import { crossSiteReason } from './security.js';
import type { Visits } from './visits.js';
import { ownPath } from './visits.js';

interface ActOptions {
  readonly board: Board;
  readonly gate: Gate;
  readonly operator: Operator;
  readonly own: OwnAddress;
  readonly visits: Visits;
  readonly log: (line: string) => void;
}

/** As on the command line. */
const REGION = /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/;

export function addActs(app: Hono, { board, gate, operator, own, visits, log }: ActOptions): void {
  const refuse = async (context: Context, status: 400 | 403, what: string, next?: string) => {
    log(`refused: POST ${context.req.path}: ${what}`);
    const page = messagePage('Refused', `The request is refused: ${what}.`, next);
    return context.html(layout(page, await visits.contextOf(context)), status);
  };

  app.get('/sign-in', async (context) => {
    if (gate.mode.kind !== 'token') return context.notFound();
    const page = signInPage(ownPath(context.req.query('to') ?? '/'));
    return context.html(layout(page, await visits.contextOf(context)));
  });

  app.post('/sign-in', async (context) => {
    if (gate.mode.kind !== 'token') return context.notFound();
    const reason = crossSiteReason(context, own);
    if (reason !== undefined) return refuse(context, 403, reason);
    const form = await formOf(context);
    if (form === undefined) return refuse(context, 400, NO_FORM);
    const to = ownPath(textOf(form, 'to'));
    const [by, token] = [textOf(form, 'by'), textOf(form, 'token')];
    if (gate.signIn(context, { by, token })) return context.redirect(to, 303);
    log('refused: a sign-in with a wrong token or without a name');
    const page = signInPage(to, 'The token is wrong, or the name cannot be kept.');
    return context.html(layout(page, await visits.contextOf(context)), 403);
  });

  app.post('/sign-out', async (context) => {
    const reason = crossSiteReason(context, own);
    if (reason !== undefined) return refuse(context, 403, reason);
    gate.signOut(context);
    return context.redirect('/', 303);
  });

  app.post('/acts', async (context) => {
    const reason = crossSiteReason(context, own);
    if (reason !== undefined) return refuse(context, 403, reason);
    const actor = gate.actorOf(context);
    if (actor === null) return refuse(context, 403, ...whyNot(gate));
    const form = await formOf(context);
    if (form === undefined) return refuse(context, 400, NO_FORM);
    if (!gate.isOwnForm(actor, form.get('csrf'))) {
      return refuse(context, 403, 'its form is not of this visit', 'Load the page again.');
    }
    const action = ACTIONS.find((one) => one === textOf(form, 'action'));
    const id = textOf(form, 'id');
    const regions = form.getAll('region').filter((one) => typeof one === 'string');
    const why = textOf(form, 'reason').trim();
    if (action === undefined || id === '' || !regions.every((one) => REGION.test(one))) {
      return refuse(context, 400, 'it names no act, no image or no region');
    }
    if (why !== '' && !isName(why)) {
      return refuse(
        context,
        400,
        'its reason is longer than 200 characters, or has control characters',
      );
    }
    const act = { action, id, regions, by: actor.by, reason: why === '' ? undefined : why };
    const notice = await operator(act);
    log(`${action} ${id} ${regions.join(' ')} by ${actor.by}: ${notice.text}`);
    await board.refresh();
    return context.redirect(visits.withNotice(textOf(form, 'to'), notice), 303);
  });
}

function whyNot({ mode }: Gate): [what: string, next: string] {
  switch (mode.kind) {
    case 'off':
      return [
        'this page is for reading only',
        'Start it with --acts, or use the commands of fedimg.',
      ];
    case 'token':
      return ['you have not signed in', 'Sign in with the token, then act again.'];
    case 'header':
      return [`the proxy does not say who you are (${mode.header})`, 'Sign in at the proxy.'];
  }
}

const NO_FORM = 'its form cannot be read, or is larger than 16 KiB';

async function formOf(context: Context): Promise<FormData | undefined> {
  try {
    return await context.req.formData();
  } catch {
    return undefined;
  }
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}
