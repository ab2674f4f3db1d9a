/** Answers API requests: authentication, throttling, fault rules, the action, then journal and log, then the answer. */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Hold } from '../clock.js';
import type { Cloud } from '../cloud.js';
import type { KeyRing } from '../credentials.js';
import { zoneOfSubnet } from '../ec2/lib/network-defaults.js';
import { CloudError } from '../errors.js';
import { faultAnswer, harm } from '../faults/fault-effects.js';
import type { FaultRule } from '../faults/fault-rule.js';
import { authorize } from '../iam/authorize.js';
import { keepBack } from '../faults/keep-back.js';
import type { Throttle } from '../faults/throttle.js';
import type { Service } from '../service.js';
import { claimedService } from '../services.js';
import { spreadSlowly } from '../store/changes.js';
import type { ReadChange } from '../store/resource-change.js';
import type { ApiRequest } from './api-request.js';
import { readApiRequest } from './api-request.js';
import { commit, userAgentOf } from './commit.js';
import { readBody } from './http-body.js';
import type { Answer, Outcome } from './outcome.js';

export interface Api {
  readonly cloud: Cloud;
  readonly keys: KeyRing;
  readonly throttle: Throttle;
}

/** One request and its answer. */
export interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** Released once the answer is written. */
  readonly hold: Hold;
}

/** Never rejects: every request gets an answer, or a fault rule cuts the connection. */
export function answerApi(api: Api, exchange: Exchange): Promise<void> {
  const answering = answer(api, exchange);
  api.cloud.background(answering);
  return answering;
}

async function answer(api: Api, exchange: Exchange): Promise<void> {
  const { message, response, hold } = exchange;
  const requestId = randomUUID();
  const outcome = await api.cloud.store.asOneCall(() => settled(api, exchange, requestId));
  if (outcome === undefined) return;
  if (outcome.keepBack !== undefined) {
    return await hold.pauseFor(keepBack(api.cloud, message, outcome.keepBack));
  }
  const { answer } = outcome;
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'x-amzn-requestid': requestId,
    ...answer.headers,
    ...(answer.status === 413 ? { connection: 'close' } : {}),
  });
  response.end(answer.body);
}

/** What comes of the request, once that is kept and logged; undefined when its sender or the cloud has gone. */
async function settled(
  api: Api,
  { message, hold }: Exchange,
  requestId: string,
): Promise<Outcome | undefined> {
  let request: ApiRequest | undefined;
  let outcome: Outcome;
  try {
    const body = await readBody(message);
    request = readApiRequest(api.cloud, api.keys.current, message, body);
    outcome = await perform(api, request, { requestId, userAgent: userAgentOf(message), hold });
  } catch (error) {
    if (message.socket.destroyed) return undefined;
    const service = claimedService(message);
    outcome = { answer: errorAnswer(api.cloud, service, error, requestId), hits: [] };
  }
  if (api.cloud.isClosed()) {
    message.socket.destroy();
    return undefined;
  }
  commit(api.cloud, message, { request, requestId, outcome });
  return outcome;
}

interface Sender {
  readonly requestId: string;
  readonly userAgent: string;
  readonly hold: Hold;
}

async function perform(api: Api, request: ApiRequest, sender: Sender): Promise<Outcome> {
  const { cloud } = api;
  const { service, action, region, flat } = request;
  const { requestId, userAgent, hold } = sender;
  const zone = zoneOf(request);
  if (cloud.settings.throttling && !admits(api, request)) {
    const error = errorOf(service.faults.throttle({ action, instanceType: '', zone }));
    return { answer: errorAnswer(cloud, service, error, requestId), hits: [] };
  }
  const rules = cloud.faults.hits({ action, region, parameters: flat, zone, userAgent });
  const acted = new Set<FaultRule>();
  const outcome = await performWith(api, request, { rules, acted, requestId, hold });
  cloud.faults.takeBack(rules.filter((rule) => !acted.has(rule)));
  return { ...outcome, hits: [...acted] };
}

interface Faulted {
  /** The rules that hit the call, in their order. */
  readonly rules: readonly FaultRule[];
  /** Those that did something to it. */
  readonly acted: Set<FaultRule>;
  readonly requestId: string;
  readonly hold: Hold;
}

async function performWith(
  { cloud }: Api,
  request: ApiRequest,
  { rules, acted, requestId, hold }: Faulted,
): Promise<Omit<Outcome, 'hits'>> {
  const refusal = await beforeEffect(cloud, request, { rules, acted, hold });
  if (refusal !== undefined) {
    return { answer: errorAnswer(cloud, request.service, refusal, requestId) };
  }
  const lost = rules.find(({ kind }) => kind === 'lost-request' || kind === 'hang-request');
  if (lost !== undefined) {
    acted.add(lost);
    const answer = { status: 0, body: '', contentType: '', result: lost.kind };
    return { answer, keepBack: lost };
  }
  const duration = request.service.durationOf?.(request.action);
  const durationMs = duration === undefined ? 0 : cloud.latency.draw(duration);
  if (durationMs > 0) await hold.pauseFor(cloud.clock.sleep(durationMs));
  const effect = await runAction(cloud, request, requestId);
  for (const read of effect.resources) spreadSlowly(cloud, read);
  for (const rule of rules) {
    const outcome = { resources: effect.resources, values: request.flat.values() };
    if (harm(cloud, rule, outcome)) acted.add(rule);
  }
  const unanswered = rules.find(({ kind }) => kind === 'lost-answer' || kind === 'hang-answer');
  if (unanswered !== undefined) acted.add(unanswered);
  return { ...effect, keepBack: unanswered };
}

function admits({ cloud, throttle }: Api, request: ApiRequest): boolean {
  const { service, region } = request;
  const needs = service.throttles(request);
  return throttle.admit({ service: service.name, region, needs, nowMs: cloud.clock.now() });
}

/** Waits for `slow` rules, and answers the error of the first rule that has one. */
async function beforeEffect(
  cloud: Cloud,
  request: ApiRequest,
  { rules, acted, hold }: Pick<Faulted, 'rules' | 'acted' | 'hold'>,
): Promise<CloudError | undefined> {
  for (const rule of rules) {
    if (rule.kind === 'slow') {
      acted.add(rule);
      await hold.pauseFor(cloud.clock.sleep(rule.delayMs));
    }
    const instanceType = request.flat.get('InstanceType') ?? '';
    const error = faultAnswer(rule, request.service, { action: request.action, instanceType });
    if (error === undefined) continue;
    acted.add(rule);
    return error;
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

interface ActionEffect {
  readonly answer: Answer;
  readonly changed: readonly string[];
  readonly resources: readonly ReadChange[];
}

/** Runs the action, and reads what it has changed even where it fails. */
async function runAction(
  cloud: Cloud,
  request: ApiRequest,
  requestId: string,
): Promise<ActionEffect> {
  const { service, action } = request;
  const { protocol } = service;
  const changed: string[] = [];
  const resources: ReadChange[] = [];
  let answer: Answer;
  try {
    const run = service.actions.get(action);
    if (run === undefined) throw service.unknownAction(action);
    if (cloud.iam.isOn) await authorize({ ...request, cloud, service: service.name });
    const fields = await run({ ...request, cloud, changed, resources });
    const content = { action, requestId, fields };
    const body = protocol.writeAnswer(content);
    answer = { status: 200, body, contentType: protocol.contentType, result: 'ok' };
    answer = { ...answer, ...protocol.answerFrame?.(content) };
  } catch (error) {
    answer = errorAnswer(cloud, service, error, requestId);
  }
  if (!cloud.isClosed()) {
    const keys = cloud.store.takeChanges();
    changed.push(...keys);
    resources.push(...cloud.changes.read(keys));
  }
  return { answer, changed, resources };
}

function errorAnswer(cloud: Cloud, service: Service, error: unknown, requestId: string): Answer {
  const known = error instanceof CloudError ? error : internalError(cloud, service, error);
  const { protocol } = service;
  const body = protocol.writeError(known, requestId);
  const { status, code: result } = known;
  const { contentType } = protocol;
  return { status, body, contentType, result, ...protocol.errorFrame?.(known) };
}

function internalError(cloud: Cloud, service: Service, error: unknown): CloudError {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  cloud.log(`internal error in ${service.name}: ${text}`);
  return errorOf(service.faults.error({ action: '', instanceType: '', zone: undefined }));
}

function errorOf([code, status, message]: readonly [string, number, string]): CloudError {
  return new CloudError(code, message, status);
}
