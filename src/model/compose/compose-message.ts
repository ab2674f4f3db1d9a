/** pungi's status message: the state of a compose, and the URL of its tree. */
import { shownText } from '../printable.js';
import { redacted } from '../redact.js';
import { parseComposeId } from './compose.js';
import { isObject, openEnvelope, own } from './envelope.js';

export const COMPOSE_STATUSES = [
  'STARTED',
  'FINISHED',
  'FINISHED_INCOMPLETE',
  'DOOMED',
  'TERMINATED',
] as const;
export type ComposeStatus = (typeof COMPOSE_STATUSES)[number];
/** Statuses after which the images are there. */
export type FinishedStatus = 'FINISHED' | 'FINISHED_INCOMPLETE';

interface ComposeMessageBase {
  composeId: string;
  /** `RC-1.7`; absent for a compose without one. */
  label?: string;
}

/** A status message in the words of this program. */
export type ComposeMessage =
  | (ComposeMessageBase & {
      status: FinishedStatus;
      /** URL of the compose's tree, without a slash at its end. */
      location: string;
    })
  | (ComposeMessageBase & {
      status: Exclude<ComposeStatus, FinishedStatus>;
      location?: string;
    });

/** `ignored` is well-formed, with a status that fedimg does not use; `invalid` lists all problems. */
export type ParsedComposeMessage =
  | { kind: 'message'; message: ComposeMessage }
  | { kind: 'ignored'; reason: string }
  | { kind: 'invalid'; problems: string[] };

const LABEL = /^[A-Za-z][A-Za-z0-9]{0,31}-[0-9]{1,12}(?:\.[0-9]{1,6}){0,3}$/;
const STATUS = /^[A-Z][A-Z_]{0,39}$/;
const LOCATION_CHARS_MAX = 1024;
const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])`;
const LOCATION = new RegExp(`^https?://${HOST}(?::[0-9]{1,5})?((?:/+[A-Za-z0-9._~+@=,-]+)*)/*$`);

/** Reads a message body, bare or in an envelope of Fedora's bus or of datagrepper. Never throws. */
export function parseComposeMessage(input: unknown): ParsedComposeMessage {
  const body = openEnvelope(input);
  if (typeof body === 'string') return { kind: 'invalid', problems: [body] };
  const problems: string[] = [];
  const id = own(body, 'compose_id');
  const status = own(body, 'status');
  const composeId = typeof id === 'string' && parseComposeId(id) ? id : undefined;
  if (composeId === undefined) {
    const wanted = 'SHORT-VERSION-YYYYMMDD[.n|.t|.d|.ci].RESPIN, as Fedora-Cloud-43-20251021.0';
    problems.push(`compose_id ${shown(id)} is not a compose id; expected ${wanted}`);
  }
  if (typeof status !== 'string' || !STATUS.test(status)) {
    problems.push(
      `status ${shown(status)} is not a status; expected ${COMPOSE_STATUSES.join(', ')}`,
    );
  }
  const known = COMPOSE_STATUSES.find((one) => one === status);
  const finished = known === 'FINISHED' || known === 'FINISHED_INCOMPLETE';
  const location = readLocation(own(body, 'location'), finished, problems);
  const label = readLabel(own(body, 'compose_label'), problems);

  if (problems.length > 0 || composeId === undefined) return { kind: 'invalid', problems };
  if (known === undefined) {
    return { kind: 'ignored', reason: `the status ${String(status)} is not used by fedimg` };
  }
  const base = { composeId, ...(label === undefined ? {} : { label }) };
  if (known !== 'FINISHED' && known !== 'FINISHED_INCOMPLETE') {
    const message = { ...base, status: known, ...(location === undefined ? {} : { location }) };
    return { kind: 'message', message };
  }
  if (location === undefined) return { kind: 'invalid', problems: ['location is missing'] };
  return { kind: 'message', message: { ...base, status: known, location } };
}

/** Whether a signal's payload is a message of this compose. Anyone with access to Temporal can send one. Never throws. */
export function isMessageOf(composeId: string, payload: unknown): payload is ComposeMessage {
  if (!isObject(payload) || own(payload, 'composeId') !== composeId) return false;
  const location = own(payload, 'location');
  // The sender of a signal has removed doubled slashes; the workflow reads the location as it is.
  if (typeof location === 'string' && /[^:/]\/{2,}[^/]/.test(location)) return false;
  const parsed = parseComposeMessage({
    compose_id: composeId,
    status: own(payload, 'status'),
    location,
    compose_label: own(payload, 'label'),
  });
  return parsed.kind === 'message';
}

/**
 * The location in normal form, or `undefined` when it has a query, credentials or dot segments. Several slashes
 * become one: locations of 2015 have them, and web servers read them as one.
 */
export function normalizeLocation(text: string): string | undefined {
  if (text.length > LOCATION_CHARS_MAX) return undefined;
  const path = LOCATION.exec(text)?.[1];
  if (path === undefined || path.split('/').some((part) => part === '.' || part === '..')) {
    return undefined;
  }
  return text.replace(/\/+$/, '').replace(/(?<!:)\/{2,}/g, '/');
}

function readLocation(value: unknown, required: boolean, problems: string[]): string | undefined {
  if ((value === undefined || value === null || value === '') && !required) return undefined;
  const location = typeof value === 'string' ? normalizeLocation(value) : undefined;
  if (location === undefined) {
    problems.push(
      `location ${shown(value)} is not the location of a compose; expected an http or https URL with a plain path`,
    );
  }
  return location;
}

function readLabel(value: unknown, problems: string[]): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' && LABEL.test(value)) return value;
  problems.push(`compose_label ${shown(value)} is not a label; expected one such as RC-1.7`);
  return undefined;
}

/** A value as a message may show it: short, one line, printable ASCII. */
function shown(value: unknown): string {
  if (value === undefined) return '(missing)';
  if (typeof value !== 'string') return `(${value === null ? 'null' : typeof value})`;
  return shownText(redacted(value), 80);
}
