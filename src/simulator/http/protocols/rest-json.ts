/** The AWS REST-JSON 1 protocol: method and path name the action; its members are in path, query, headers and body. */

import type { IncomingMessage } from 'node:http';
import { CloudError } from '../../errors.js';
import type { SignedRequest } from '../signature-claim.js';
import { headerText } from '../signature-claim.js';
import { flatten, parseObject } from './json.js';
import type { AnswerContent, AnswerFrame, Protocol, RequestContent } from './protocol.js';

type Names = Readonly<Record<string, string>>;

/** One action: where each member of its request and of its answer is. */
export interface Route {
  readonly action: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Such as `/snapshots/{SnapshotId}/blocks`, with members in braces. */
  readonly path: string;
  /** Members by the names that they have in the query. */
  readonly query?: Names;
  /** Members by the names of their headers, in lower case. */
  readonly headers?: Names;
  /** Members of path, query and headers that are whole numbers. */
  readonly integers?: readonly string[];
  /** What the body is: further members as JSON, or the bytes of one member. */
  readonly body?: 'json' | 'bytes';
  /** The model's `aws.auth#unsignedPayload`. */
  readonly unsignedPayload?: true;
  /** Of the answer. */
  readonly status: number;
  /** Headers by the members of the answer that they hold. */
  readonly answerHeaders?: Names;
  /** The member of the answer whose bytes are the body. */
  readonly answerBytes?: string;
}

export interface RestApi {
  readonly routes: readonly Route[];
  /** Of every path of the service. */
  readonly pathPrefix: string;
  /** The members of an error. */
  readonly errorBody: (error: CloudError) => unknown;
}

/** Smithy, "AWS restJson1 protocol". */
export function restJson({ routes, pathPrefix, errorBody }: RestApi): Protocol {
  const routeOf = (message: IncomingMessage, path: string): Route | undefined =>
    routes.find(({ method, path: own }) => method === message.method && labels(own, path));
  const routeFor = ({ action }: AnswerContent): Route | undefined =>
    routes.find((route) => route.action === action);
  return {
    name: 'rest-json',
    contentType: 'application/json',
    pathPrefix,
    methods: ['GET', 'POST', 'PUT'],
    isUnsignedPayload: ({ message, path }) => routeOf(message, path)?.unsignedPayload ?? false,
    read: (request) => readRest(request, routeOf(request.message, request.path)),
    writeAnswer: (answer) => bodyText(answer, routeFor(answer)),
    answerFrame: (answer) => frameOf(answer, routeFor(answer)),
    writeError: (error) => JSON.stringify(errorBody(error)),
    errorFrame: ({ code }) => ({ headers: { 'x-amzn-errortype': code } }),
    logged: ({ json }) => json,
  };
}

/** The texts at the labels of the pattern; undefined for another path. */
function labels(pattern: string, path: string): ReadonlyMap<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const found = new Map<string, string>();
  for (const [at, part] of wanted.entries()) {
    const text = given[at] ?? '';
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined ? part !== text : text === '') return undefined;
    if (name !== undefined) found.set(name, text);
  }
  return found;
}

function readRest(request: SignedRequest, route: Route | undefined): RequestContent {
  // Common errors of EBS direct APIs: UnknownOperationException, 404.
  if (route === undefined) throw new CloudError('UnknownOperationException', '', 404);
  const { message, path, query, body } = request;
  const texts = new Map<string, string>();
  for (const [name, text] of labels(route.path, path) ?? []) texts.set(name, decodeLabel(text));
  for (const [name, text] of query) {
    const member = ownName(route.query, name);
    if (member !== undefined) texts.set(member, text);
  }
  for (const [header, member] of Object.entries(route.headers ?? {})) {
    const text = headerText(message, header);
    if (text !== undefined) texts.set(member, text);
  }
  const json: Record<string, unknown> = route.body === 'json' ? { ...parseObject(body) } : {};
  for (const [member, text] of texts) {
    json[member] = route.integers?.includes(member) === true ? integerOf(text) : text;
  }
  return {
    action: route.action,
    parameters: new Map(),
    flat: flatten(json),
    json,
    ...(route.body === 'bytes' ? { bytes: body } : {}),
  };
}

function ownName(names: Names | undefined, name: string): string | undefined {
  return names !== undefined && Object.hasOwn(names, name) ? names[name] : undefined;
}

function decodeLabel(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new CloudError('SerializationException', 'An escape in the path is not valid UTF-8.');
  }
}

function integerOf(text: string): number {
  if (/^-?\d{1,10}$/.test(text)) return Number(text);
  throw new CloudError(
    'SerializationException',
    `'${text.slice(0, 100)}' can not be converted to an Integer`,
  );
}

function membersOf({ fields }: AnswerContent): [string, unknown][] {
  return Object.entries(fields as Readonly<Record<string, unknown>>);
}

/** The members that are in no header, as JSON. */
function bodyText(answer: AnswerContent, route: Route | undefined): string {
  if (route?.answerBytes !== undefined) return '';
  const inHeaders = route?.answerHeaders ?? {};
  return JSON.stringify(
    Object.fromEntries(membersOf(answer).filter(([member]) => !Object.hasOwn(inHeaders, member))),
  );
}

function frameOf(answer: AnswerContent, route: Route | undefined): AnswerFrame {
  const headers: Record<string, string> = {};
  let body: Buffer | undefined;
  for (const [member, value] of membersOf(answer)) {
    const header = ownName(route?.answerHeaders, member);
    if (header !== undefined) headers[header] = String(value);
    else if (member === route?.answerBytes && Buffer.isBuffer(value)) body = value;
  }
  const status = route?.status ?? 200;
  if (body === undefined) return { status, headers };
  return { status, headers, body, contentType: 'application/octet-stream' };
}
