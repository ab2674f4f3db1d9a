/** Who may act: by default no visitor; else those who show the token, or whom a proxy names. */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Actor } from '../actor.js';

export type ActsMode =
  | { readonly kind: 'off' }
  | { readonly kind: 'token'; readonly token: string }
  /** A proxy sets this header, and removes one that a visitor sends. */
  | { readonly kind: 'header'; readonly header: string };

interface Visit {
  readonly by: string;
  readonly untilMs: number;
}

const COOKIE = 'fedimg';
const VISIT_MS = 12 * 3_600_000;
const VISITS_MAX = 1_000;
const NAME_MAX = 200;

export class Gate {
  readonly mode: ActsMode;
  readonly #isSecure: boolean;
  readonly #secret = randomBytes(32);
  readonly #visits = new Map<string, Visit>();

  constructor(mode: ActsMode, isSecure: boolean) {
    this.mode = mode;
    this.#isSecure = isSecure;
  }

  /** Who sends the request, or null. */
  actorOf(context: Context): Actor | null {
    switch (this.mode.kind) {
      case 'off':
        return null;
      case 'header': {
        const by = context.req.header(this.mode.header);
        return by === undefined || !isName(by) ? null : this.#actor(by, by, false);
      }
      case 'token': {
        const id = getCookie(context, COOKIE);
        const visit = id === undefined ? undefined : this.#visits.get(id);
        if (id === undefined || visit === undefined || visit.untilMs < Date.now()) return null;
        return this.#actor(visit.by, id, true);
      }
    }
  }

  /** Whether the token is right; then the visitor has a cookie. */
  signIn(
    context: Context,
    { by, token }: { readonly by: string; readonly token: string },
  ): boolean {
    if (this.mode.kind !== 'token' || !isName(by) || !isSame(token, this.mode.token)) return false;
    const id = randomBytes(32).toString('base64url');
    const [oldest] = this.#visits.keys();
    if (this.#visits.size >= VISITS_MAX && oldest !== undefined) this.#visits.delete(oldest);
    this.#visits.set(id, { by: by.trim(), untilMs: Date.now() + VISIT_MS });
    setCookie(context, COOKIE, id, {
      httpOnly: true,
      sameSite: 'Strict',
      secure: this.#isSecure,
      path: '/',
      maxAge: VISIT_MS / 1000,
    });
    return true;
  }

  signOut(context: Context): void {
    const id = deleteCookie(context, COOKIE, { path: '/' });
    if (id !== undefined) this.#visits.delete(id);
  }

  /** Whether a form was made for this visitor. */
  isOwnForm(actor: Actor, csrf: unknown): boolean {
    return typeof csrf === 'string' && isSame(csrf, actor.csrf);
  }

  #actor(by: string, visit: string, canSignOut: boolean): Actor {
    const csrf = createHmac('sha256', this.#secret).update(visit).digest('base64url');
    return { by, csrf, canSignOut };
  }
}

/** A name that a record can show. */
export function isName(text: string): boolean {
  return text.trim() !== '' && text.length <= NAME_MAX && !/\p{C}/u.test(text);
}

/** Takes as long for a wrong text as for the right one. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'same').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
