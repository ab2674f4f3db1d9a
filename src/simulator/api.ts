/** Answers API requests: authentication, throttling, fault rules, the action, then journal and log, then the answer. */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiRequest, Service } from './api-request.js';
import { guessService, readApiRequest } from './api-request.js';
import { callerIdentity } from './caller-identity.js';
import type { Cloud, SsmHandler } from './cloud.js';
import type { Credentials } from './credentials.js';
import { ec2Actions } from './ec2/actions.js';
import { zoneOfSubnet } from './ec2/network-defaults.js';
import { CloudError, ec2ErrorBody, jsonErrorBody, stsErrorBody } from './errors.js';
import { faultAnswer, harm } from './fault-effects.js';
import type { FaultRule } from './faults.js';
import { readBody } from './http-body.js';
import { plainParameters } from './query-protocol.js';
import { regions } from './regions.js';
import type { Throttle } from './throttle.js';
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

/** Never rejects: whatever comes gets an answer, or a cut connection where a rule says so. */
export function answerApi(
  api: Api,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answering = answer(api, message, response);
  api.cloud.background(answering);
  return answering;
}

async function answer(api: Api, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = randomUUID();
  let request: ApiRequest | undefined;
  let outcome: Outcome;
  try {
    const body = await readBody(message);
    request = readApiRequest(api.cloud, api.credentials, message, body);
    outcome = await perform(api, request, requestId);
  } catch (error) {
    if (message.socket.destroyed) return;
    outcome = {
      answer: errorAnswer(api, guessService(message), error, requestId),
      hits: [],
      cut: false,
    };
  }
  if (api.cloud.isClosed()) return void message.socket.destroy();
  commit(api.cloud, message, { request, requestId, outcome });
  if (outcome.cut) return void message.socket.resetAndDestroy();
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
  /** The client gets no answer. */
  readonly cut: boolean;
  readonly changed?: readonly string[];
}

async function perform(api: Api, request: ApiRequest, requestId: string): Promise<Outcome> {
  const { cloud } = api;
  const { service, action, region, parameters, flat } = request;
  const isAdmitted =
    service !== 'ec2' ||
    !cloud.settings.throttling ||
    api.throttle.admit({ action, region, parameters, nowMs: cloud.clock.now() });
  const hits = cloud.faults.hits({ action, region, parameters: flat, zone: zoneOf(request) });
  const refusal = isAdmitted
    ? await beforeEffect(cloud, request, hits)
    : new CloudError('RequestLimitExceeded', 'Request limit exceeded.', 503);
  if (refusal !== undefined) {
    return { answer: errorAnswer(api, service, refusal, requestId), hits, cut: false };
  }
  if (hits.some((rule) => rule.kind === 'lost-request')) {
    return {
      answer: { status: 0, body: '', contentType: '', result: 'lost-request' },
      hits,
      cut: true,
    };
  }
  // A resource of this call is one with a later number than this.
  const seqBefore = cloud.nextSeq();
  const changed: string[] = [];
  let answer: Answer;
  try {
    answer = await runAction(api, request, { requestId, changed });
  } catch (error) {
    answer = errorAnswer(api, service, error, requestId);
  }
  if (!cloud.isClosed()) changed.push(...cloud.store.takeChanges());
  const values = flat.values();
  for (const rule of hits) harm(cloud, rule, { region, changed, seqBefore, values });
  return { answer, hits, changed, cut: hits.some((rule) => rule.kind === 'lost-answer') };
}

/** Waits where a rule says so, and answers the error of the first that has one. */
async function beforeEffect(
  cloud: Cloud,
  request: ApiRequest,
  hits: readonly FaultRule[],
): Promise<CloudError | undefined> {
  for (const rule of hits) {
    if (rule.kind === 'slow') await cloud.clock.sleep(rule.delayMs);
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
}

async function runAction(
  api: Api,
  request: ApiRequest,
  { requestId, changed }: Run,
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
  const fields = await handler.run({ cloud, region, action, changed }, parameters);
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
  const changed = [...new Set([...(outcome.changed ?? []), ...cloud.store.takeChanges()])].filter(
    (name) => !name.startsWith('faults/'),
  );
  cloud.store.flush();
  const region = request?.region;
  cloud.effects.record({
    kind: 'call',
    service: request?.service ?? guessService(message),
    action: /^\w{1,64}$/.test(request?.action ?? '') ? (request?.action ?? '') : 'Unknown',
    region: region !== undefined && regions.has(region) ? region : 'unknown',
    result: answer.result,
    answered: !outcome.cut,
    requestId,
    ...(request === undefined ? {} : { principal: request.principal, request: asLogged(request) }),
    userAgent: (message.headers['user-agent'] ?? '').slice(0, 400),
    ...(changed.length > 0 ? { changed } : {}),
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
