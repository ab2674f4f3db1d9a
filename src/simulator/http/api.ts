/** Answers API requests: authentication, throttling, fault rules, the action, then journal and log, then the answer. */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiRequest, Service } from './api-request.js';
import { guessService, readApiRequest } from './api-request.js';
import { callerIdentity } from '../caller-identity.js';
import type { ReadChange } from '../store/resource-change.js';
import { spreadSlowly } from '../store/changes.js';
import type { Cloud, SsmHandler } from '../cloud.js';
import type { Hold } from '../clock.js';
import type { Credentials } from '../credentials.js';
import { ec2Actions } from '../ec2/actions.js';
import { zoneOfSubnet } from '../ec2/lib/network-defaults.js';
import { CloudError, ec2ErrorBody, jsonErrorBody, stsErrorBody } from '../errors.js';
import { faultAnswer, harm } from '../faults/fault-effects.js';
import type { FaultRule } from '../faults/fault-rule.js';
import { readBody } from './http-body.js';
import { keepBack } from '../faults/keep-back.js';
import { plainParameters } from './query-protocol.js';
import { regions } from '../regions.js';
import type { Throttle } from '../faults/throttle.js';
import { ec2ResponseBody } from './xml.js';

export interface Api {
  readonly cloud: Cloud;
  readonly credentials: Credentials;
  readonly ssm: SsmHandler;
  readonly throttle: Throttle;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
  /** `ok` or the error's code. */
  readonly result: string;
}

const xmlType = 'text/xml;charset=UTF-8';
const jsonType = 'application/x-amz-json-1.1';

/** One request and its answer. */
export interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** Released once the answer is written. */
  readonly hold: Hold;
}

/** Never rejects: whatever comes gets an answer, or a cut connection where a rule says so. */
export function answerApi(api: Api, exchange: Exchange): Promise<void> {
  const answering = answer(api, exchange);
  api.cloud.background(answering);
  return answering;
}

async function answer(api: Api, { message, response, hold }: Exchange): Promise<void> {
  const requestId = randomUUID();
  let request: ApiRequest | undefined;
  let outcome: Outcome;
  try {
    const body = await readBody(message);
    request = readApiRequest(api.cloud, api.credentials, message, body);
    outcome = await perform(api, request, { requestId, userAgent: userAgentOf(message), hold });
  } catch (error) {
    if (message.socket.destroyed) return;
    outcome = {
      answer: errorAnswer(api, guessService(message), error, requestId),
      hits: [],
    };
  }
  if (api.cloud.isClosed()) return void message.socket.destroy();
  commit(api.cloud, message, { request, requestId, outcome });
  if (outcome.keepBack !== undefined) {
    return await hold.pauseFor(keepBack(api.cloud, message, outcome.keepBack));
  }
  const { answer } = outcome;
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'x-amzn-requestid': requestId,
    ...(answer.status === 413 ? { connection: 'close' } : {}),
  });
  response.end(answer.body);
}

interface Outcome {
  readonly answer: Answer;
  readonly hits: readonly FaultRule[];
  /** The rule that keeps the answer from the client. */
  readonly keepBack?: FaultRule | undefined;
  readonly changed?: readonly string[];
  readonly resources?: readonly ReadChange[];
}

function userAgentOf(message: IncomingMessage): string {
  return (message.headers['user-agent'] ?? '').slice(0, userAgentMax);
}

/** The date that Signature Version 4 signs, to the second; absent where it is none. */
function sentAtOf(message: IncomingMessage): { readonly sentAt?: string } {
  const date = String(message.headers['x-amz-date'] ?? '');
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (parts === null) return {};
  const [year, month, day, hour, minute, second] = parts.slice(1);
  return { sentAt: `${year}-${month}-${day}T${hour}:${minute}:${second}Z` };
}

const userAgentMax = 4096;

interface Sender {
  readonly requestId: string;
  readonly userAgent: string;
  readonly hold: Hold;
}

async function perform(api: Api, request: ApiRequest, sender: Sender): Promise<Outcome> {
  const { cloud } = api;
  const { service, action, region, parameters, flat } = request;
  const { requestId, userAgent, hold } = sender;
  const isAdmitted =
    !cloud.settings.throttling ||
    api.throttle.admit({ service, action, region, parameters, nowMs: cloud.clock.now() });
  const zone = zoneOf(request);
  const hits = cloud.faults.hits({ action, region, parameters: flat, zone, userAgent });
  const refusal = isAdmitted
    ? await beforeEffect(cloud, request, { hits, hold })
    : throttled(service);
  if (refusal !== undefined) {
    return { answer: errorAnswer(api, service, refusal, requestId), hits };
  }
  const unheard = hits.find(({ kind }) => kind === 'lost-request' || kind === 'hang-request');
  if (unheard !== undefined) {
    const answer = { status: 0, body: '', contentType: '', result: unheard.kind };
    return { answer, hits, keepBack: unheard };
  }
  const changed: string[] = [];
  const resources: ReadChange[] = [];
  let answer: Answer;
  try {
    answer = await runAction(api, request, { requestId, changed, resources });
  } catch (error) {
    answer = errorAnswer(api, service, error, requestId);
  }
  if (!cloud.isClosed()) {
    const keys = cloud.store.takeChanges();
    changed.push(...keys);
    resources.push(...cloud.changes.read(keys));
  }
  for (const read of resources) spreadSlowly(cloud, read);
  for (const rule of hits) harm(cloud, rule, { resources, values: flat.values() });
  const unanswered = hits.find(({ kind }) => kind === 'lost-answer' || kind === 'hang-answer');
  return { answer, hits, changed, resources, keepBack: unanswered };
}

function throttled(service: Service): CloudError {
  return service === 'ec2'
    ? new CloudError('RequestLimitExceeded', 'Request limit exceeded.', 503)
    : new CloudError('ThrottlingException', 'Rate exceeded');
}

/** Waits where a rule says so, and answers the error of the first that has one. */
async function beforeEffect(
  cloud: Cloud,
  request: ApiRequest,
  { hits, hold }: { readonly hits: readonly FaultRule[]; readonly hold: Hold },
): Promise<CloudError | undefined> {
  for (const rule of hits) {
    if (rule.kind === 'slow') await hold.pauseFor(cloud.clock.sleep(rule.delayMs));
    const { action, service } = request;
    const instanceType = request.flat.get('InstanceType') ?? '';
    const error = faultAnswer(rule, { action, service, instanceType });
    if (error !== undefined) return error;
  }
  return undefined;
}

/** The zone that the request names, for fault rules. */
function zoneOf({ flat, region }: ApiRequest): string | undefined {
  const subnetId = flat.get('SubnetId') ?? flat.get('NetworkInterface.1.SubnetId');
  return (
    flat.get('Placement.AvailabilityZone') ??
    flat.get('AvailabilityZone') ??
    (subnetId === undefined ? undefined : zoneOfSubnet(region, subnetId))
  );
}

interface Run {
  readonly requestId: string;
  /** Filled with what the action changes before it waits. */
  readonly changed: string[];
  readonly resources: ReadChange[];
}

async function runAction(
  api: Api,
  request: ApiRequest,
  { requestId, changed, resources }: Run,
): Promise<Answer> {
  const { cloud } = api;
  const { action, region, principal } = request;
  if (request.service === 'ssm') {
    const { status, body } = await api.ssm(cloud, {
      action,
      region,
      body: request.json,
      principal,
    });
    return {
      status,
      body: JSON.stringify(body),
      contentType: jsonType,
      result: ssmResult(status, body),
    };
  }
  if (request.service === 'sts') {
    const body = callerIdentity(cloud, request.parameters, requestId);
    return { status: 200, body, contentType: xmlType, result: 'ok' };
  }
  const handler = ec2Actions.get(action);
  if (handler === undefined) {
    throw new CloudError(
      'InvalidAction',
      `The action ${action} is not valid for this web service.`,
    );
  }
  const parameters = new Map(request.parameters);
  parameters.delete('Action');
  parameters.delete('Version');
  const fields = await handler.run({ cloud, region, action, changed, resources }, parameters);
  return {
    status: 200,
    body: ec2ResponseBody(action, requestId, fields),
    contentType: xmlType,
    result: 'ok',
  };
}

function ssmResult(status: number, body: unknown): string {
  if (status < 400) return 'ok';
  const type =
    typeof body === 'object' && body !== null && '__type' in body ? body.__type : undefined;
  return typeof type === 'string' ? type : `HTTP ${status}`;
}

function errorAnswer(api: Api, service: Service, error: unknown, requestId: string): Answer {
  const known = error instanceof CloudError ? error : internalError(api, service, error);
  const { status, code: result } = known;
  if (service === 'ssm') {
    return { status, body: JSON.stringify(jsonErrorBody(known)), contentType: jsonType, result };
  }
  const body = service === 'sts' ? stsErrorBody(known, requestId) : ec2ErrorBody(known, requestId);
  return { status, body, contentType: xmlType, result };
}

function internalError(api: Api, service: Service, error: unknown): CloudError {
  api.cloud.log(
    `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  const code = service === 'ssm' ? 'InternalServerError' : 'InternalError';
  return new CloudError(code, 'An internal error has occurred', 500);
}

interface Committed {
  readonly request: ApiRequest | undefined;
  readonly requestId: string;
  readonly outcome: Outcome;
}

/** Journal first, log second, answer last: what was answered survives a kill at any moment. */
function commit(
  cloud: Cloud,
  message: IncomingMessage,
  { request, requestId, outcome }: Committed,
): void {
  const { answer, hits } = outcome;
  const late = cloud.store.takeChanges();
  const changed = [...new Set([...(outcome.changed ?? []), ...late])].filter(
    (name) => !name.startsWith('faults/'),
  );
  const resources = [...(outcome.resources ?? []), ...cloud.changes.read(late)].map(
    ({ change }) => change,
  );
  cloud.store.flush();
  const region = request?.region;
  cloud.effects.record({
    kind: 'call',
    service: request?.service ?? guessService(message),
    action: /^\w{1,64}$/.test(request?.action ?? '') ? (request?.action ?? '') : 'Unknown',
    region: region !== undefined && regions.has(region) ? region : 'unknown',
    result: answer.result,
    answered: outcome.keepBack === undefined && !message.socket.destroyed,
    requestId,
    ...(request === undefined ? {} : { principal: request.principal, request: asLogged(request) }),
    userAgent: userAgentOf(message),
    ...sentAtOf(message),
    ...(changed.length > 0 ? { changed } : {}),
    ...(resources.length > 0 ? { resources } : {}),
    ...(hits.length > 0 ? { faults: hits.map((rule) => rule.id) } : {}),
  });
}

function asLogged(request: ApiRequest): unknown {
  if (request.service === 'ssm') return request.json;
  const parameters = plainParameters(request.parameters);
  delete parameters['Action'];
  delete parameters['Version'];
  return parameters;
}
