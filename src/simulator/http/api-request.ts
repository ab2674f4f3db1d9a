/** One API request: whose it is, for which service and region, what it asks. */

import type { IncomingMessage } from 'node:http';
import type { Cloud } from '../cloud.js';
import type { Credentials } from '../credentials.js';
import { CloudError } from '../errors.js';
import type { Parameter, ParameterTree } from './query-protocol.js';
import { decodeForm, nestParameters } from './query-protocol.js';
import { isEnabled, regions } from '../regions.js';
import type { Scope, SignatureProblem } from './sigv4.js';
import { SignatureError, verifySignature } from './sigv4.js';

export type Service = 'ec2' | 'ssm' | 'sts';

export interface ApiRequest {
  readonly service: Service;
  readonly region: string;
  readonly action: string;
  readonly principal: string;
  /** Of the query protocol; empty for SSM. */
  readonly parameters: ParameterTree;
  /** Flat, for fault rules: `InstanceId.1`, or `InstanceIds.1` of a JSON body. */
  readonly flat: ReadonlyMap<string, string>;
  /** Of SSM: the parsed body. */
  readonly json: unknown;
}

/** How an error must be written before the request is understood. */
export function guessService(message: IncomingMessage): Service {
  if (message.headers['x-amz-target'] !== undefined) return 'ssm';
  return /\/sts\/aws4_request/.test(message.headers.authorization ?? '') ? 'sts' : 'ec2';
}

/** Checks the signature, the region and the form; throws CloudError as the service would. */
export function readApiRequest(
  cloud: Cloud,
  credentials: Credentials,
  message: IncomingMessage,
  body: Buffer,
): ApiRequest {
  const [path = '/', query = ''] = splitOnce(message.url ?? '/', '?');
  const service = guessService(message);
  if (message.method !== 'POST' && message.method !== 'GET') {
    throw new CloudError(
      'MethodNotAllowed',
      `The method ${message.method ?? ''} is not allowed.`,
      405,
    );
  }
  const queryPairs = decodeForm(query);
  const scope = authenticate(
    () =>
      // Clients sign by this machine's time, whatever the cloud's clock shows.
      verifySignature({ message, path, query: queryPairs, body }, credentials, Date.now()),
    service,
  );
  checkScope(cloud, scope, service);
  const common = { region: scope.region, principal: scope.accessKeyId };
  if (scope.service === 'ssm') return { service: 'ssm', ...common, ...readJson(message, body) };
  const pairs = [...queryPairs, ...decodeForm(body.toString('latin1'))].filter(
    ([name]) => !name.startsWith('X-Amz-'),
  );
  const parameters = nestParameters(pairs);
  const action = parameters.get('Action');
  checkVersion(parameters.get('Version'), scope.service);
  if (typeof action !== 'string' || action === '') {
    throw new CloudError(
      'MissingAction',
      'The request is missing an action or a required parameter.',
    );
  }
  const flat = new Map(pairs);
  return {
    service: scope.service as Service,
    ...common,
    action,
    parameters,
    flat,
    json: undefined,
  };
}

/** How each service names what is wrong with a signature. */
const problemCodes: Record<
  Service,
  Record<SignatureProblem, readonly [code: string, status: number]>
> = {
  // EC2 does not tell a wrong key from a wrong secret: both are AuthFailure.
  ec2: {
    missing: ['MissingAuthenticationToken', 403],
    incomplete: ['IncompleteSignature', 400],
    'unknown-key': ['AuthFailure', 401],
    'unknown-session': ['AuthFailure', 401],
    mismatch: ['AuthFailure', 401],
    expired: ['RequestExpired', 400],
  },
  ssm: {
    missing: ['MissingAuthenticationTokenException', 400],
    incomplete: ['IncompleteSignatureException', 400],
    'unknown-key': ['UnrecognizedClientException', 400],
    'unknown-session': ['UnrecognizedClientException', 400],
    mismatch: ['InvalidSignatureException', 400],
    expired: ['InvalidSignatureException', 400],
  },
  sts: {
    missing: ['MissingAuthenticationToken', 403],
    incomplete: ['IncompleteSignature', 400],
    'unknown-key': ['InvalidClientTokenId', 403],
    'unknown-session': ['InvalidClientTokenId', 403],
    mismatch: ['SignatureDoesNotMatch', 403],
    expired: ['SignatureDoesNotMatch', 403],
  },
};

const authFailureMessage = 'AWS was not able to validate the provided access credentials';

function authenticate(verify: () => Scope, service: Service): Scope {
  try {
    return verify();
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    const [code, status] = problemCodes[service][error.problem];
    throw new CloudError(code, code === 'AuthFailure' ? authFailureMessage : error.message, status);
  }
}

function checkScope(cloud: Cloud, scope: Scope, service: Service): void {
  if (scope.service !== service) {
    const [code, status] = problemCodes[service].mismatch;
    throw new CloudError(
      code,
      `Credential should be scoped to correct service: '${service}'.`,
      status,
    );
  }
  const region = regions.get(scope.region);
  // A region that is not enabled does not know the account's keys.
  if (region === undefined || !isEnabled(region, cloud.settings.optedInRegions)) {
    const [code, status] = problemCodes[service]['unknown-key'];
    throw new CloudError(code, authFailureMessage, status);
  }
}

function checkVersion(version: Parameter | undefined, service: string): void {
  const known = service === 'sts' ? '2011-06-15' : '2016-11-15';
  if (version === undefined || version === known) return;
  throw new CloudError(
    'NoSuchVersion',
    `The requested version (${typeof version === 'string' ? version : ''}) of service is not valid`,
  );
}

function readJson(
  message: IncomingMessage,
  body: Buffer,
): Pick<ApiRequest, 'action' | 'parameters' | 'flat' | 'json'> {
  const target = String(message.headers['x-amz-target']);
  const action = /^AmazonSSM\.(\w+)$/.exec(target)?.[1];
  if (action === undefined) throw new CloudError('UnknownOperationException', '');
  let json: unknown;
  try {
    json = JSON.parse(body.length === 0 ? '{}' : body.toString('utf8'));
  } catch {
    throw new CloudError('SerializationException', 'The request body is not valid JSON.');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new CloudError(
      'SerializationException',
      'Start of structure or map found where not expected.',
    );
  }
  refuseDepth(json);
  return { action, parameters: new Map(), flat: flatten(json), json };
}

/** Whoever writes the request down again would run out of stack. */
function refuseDepth(json: unknown): void {
  let level: unknown[] = [json];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > depthMax) {
      throw new CloudError('SerializationException', 'The request body is nested too deeply.');
    }
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values<unknown>({ ...value }) : [],
    );
  }
}

const depthMax = 20;

function flatten(json: object): Map<string, string> {
  const flat = new Map<string, string>();
  const visit = (value: unknown, name: string, depth: number): void => {
    if (typeof value !== 'object' || value === null) {
      flat.set(name, String(value));
      return;
    }
    if (depth > depthMax) return;
    const isList = Array.isArray(value);
    for (const [key, below] of Object.entries(value)) {
      const step = isList ? String(Number(key) + 1) : key;
      visit(below, name === '' ? step : `${name}.${step}`, depth + 1);
    }
  };
  visit(json, '', 0);
  return flat;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
