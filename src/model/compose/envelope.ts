/** Envelopes around the body of a compose message: of fedora-messaging, of bridged fedmsg, of datagrepper. */

export type Body = Readonly<Record<string, unknown>>;

/** A page of datagrepper holds an envelope of the bus, which may hold one of fedmsg. */
const DEPTH_MAX = 5;
const ELEMENT = 'give one element of raw_messages';

/** The body within its envelopes, or the problem with them. Never throws. */
export function openEnvelope(input: unknown): Body | string {
  let inner = input;
  for (let depth = 0; depth < DEPTH_MAX; depth += 1) {
    if (!isObject(inner)) break;
    if (own(inner, 'compose_id') !== undefined || own(inner, 'status') !== undefined) return inner;
    const page = own(inner, 'raw_messages');
    if (Array.isArray(page)) {
      const chosen = fromPage(page);
      if (typeof chosen === 'string') return chosen;
      inner = chosen;
      continue;
    }
    const next = [own(inner, 'body'), own(inner, 'msg')].find(isObject);
    if (next === undefined) return inner;
    inner = next;
  }
  return isObject(inner) ? inner : 'the message is not a JSON object';
}

/** The newest message of a page of datagrepper about one compose: it has the state that the compose is in. */
function fromPage(elements: readonly unknown[]): Body | string {
  const opened = elements.filter(isObject).map((element) => ({ element, body: bodyOf(element) }));
  const ids = new Set(opened.map(({ body }) => own(body, 'compose_id')));
  if (opened.length === 0) return 'this page of datagrepper has no message';
  if (ids.size > 1) {
    return `this page of datagrepper has messages about ${ids.size} composes; ${ELEMENT}`;
  }
  // datagrepper sorts by time, the newest first; with order=asc the other way round.
  const newest = opened.reduce((best, one) => (sentAt(one) > sentAt(best) ? one : best));
  return newest.body;
}

function bodyOf(element: Body): Body {
  const opened = openEnvelope(element);
  return typeof opened === 'string' ? element : opened;
}

function sentAt({ element }: { readonly element: Body }): number {
  const at = own(element, 'timestamp');
  return typeof at === 'number' ? at : 0;
}

export function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a key that is not of the prototype. */
export function own(body: Body, key: string): unknown {
  return Object.hasOwn(body, key) ? body[key] : undefined;
}
