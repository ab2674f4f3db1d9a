/** `/_fedimg/...`: what tests and checkers read and set, beside AWS's API. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Cloud } from '../cloud.js';
import { imageState } from '../ec2/lib/image-state.js';
import { snapshotStatus } from '../ec2/lib/snapshot-state.js';
import { volumeStatus } from '../ec2/lib/volume-state.js';
import { CloudError } from '../errors.js';
import { FaultRuleError } from '../faults/fault-rule.js';
import { changeIam } from '../iam/change.js';
import { decideRequest, quotaRequests, requestStatuses } from '../service-quotas/requests.js';
import type { Api } from './api.js';
import { readBody } from './http-body.js';
import { sendFile } from './send-file.js';
import { SettingsError } from '../settings.js';
import type { ResourceRecord, Tags } from '../store/state.js';
import { snapshotFile } from '../store/storage.js';

export const controlPrefix = '/_fedimg/';

export interface ListedResource {
  readonly type: 'instance' | 'volume' | 'snapshot' | 'image';
  readonly id: string;
  readonly region: string;
  readonly state: string;
  readonly public: boolean;
  readonly tags: Tags;
}

/** Answers a request below `/_fedimg/`; never rejects. */
export async function answerControl(
  api: Api,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { cloud } = api;
  try {
    await cloud.store.asOneCall(async () => {
      await route(api, message, response);
      // The effect log is about the account's resources.
      cloud.store.takeChanges();
    });
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    if (error instanceof FaultRuleError || error instanceof SettingsError) {
      return send(response, 400, { error: error.message });
    }
    if (error instanceof CloudError) return send(response, error.status, { error: error.message });
    if (message.socket.destroyed) return;
    cloud.log(`control: ${String(error)}`);
    send(response, 500, { error: 'internal error' });
  }
}

async function route(api: Api, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { cloud } = api;
  const path = (message.url ?? '').split('?')[0] ?? '';
  const [name, ...rest] = path.slice(controlPrefix.length).split('/');
  const isRead = message.method === 'GET' || message.method === 'HEAD';
  if (name === 'faults' && !isRead) {
    const changed = await changeFaults(cloud, message, rest);
    cloud.store.flush();
    if (changed !== undefined) return send(response, 200, changed);
  }
  if (message.method === 'PUT' && name !== 'faults') {
    const changed = await changeAccount(api, message, [name ?? '', ...rest]);
    cloud.store.flush();
    if (changed !== undefined) return send(response, 200, changed);
  }
  if (!isRead)
    throw new CloudError(
      'MethodNotAllowed',
      `${message.method ?? ''} is not allowed on ${path}.`,
      405,
    );
  if (rest.length === 0) {
    if (name === 'resources') return send(response, 200, listResources(cloud));
    if (name === 'calls') return send(response, 200, cloud.effects.counts());
    if (name === 'faults') return send(response, 200, cloud.faults.rules());
    if (name === 'settings') return send(response, 200, cloud.settingsBook.shown());
    if (name === 'quota-requests') return send(response, 200, quotaRequests(cloud));
    if (name === 'iam') return send(response, 200, cloud.iam.shown());
    if (name === 'effects')
      return sendFile(message, response, cloud.effects.file, 'application/x-ndjson');
  }
  if (name === 'settings' && rest.length === 1 && rest[0] === 'start') {
    return send(response, 200, cloud.settingsBook.shownStart());
  }
  if (name === 'iam' && rest.length === 1 && rest[0] === 'decisions') {
    return send(response, 200, cloud.iam.decisions());
  }
  const [ruleId] = rest;
  if (name === 'faults' && ruleId !== undefined && rest.length === 1) {
    return send(
      response,
      200,
      foundRule(
        cloud.faults.rules().find(({ id }) => id === ruleId),
        ruleId,
      ),
    );
  }
  if (name === 'snapshots' && rest.length === 2) {
    const [region = '', id = ''] = rest;
    const snapshot = cloud.snapshots.get(region, id);
    if (snapshot === undefined) {
      throw new CloudError('NotFound', `The snapshot ${id} does not exist in ${region}.`, 404);
    }
    const file = snapshotFile(cloud.stateDir, snapshot);
    return sendFile(message, response, file, 'application/octet-stream');
  }
  throw new CloudError(
    'NotFound',
    `${path} does not exist. Below /_fedimg/ are resources, calls, effects, faults, faults/ID, settings, settings/start, quota-requests, quota-requests/ID, credentials, iam, iam/decisions and snapshots/REGION/ID.`,
    404,
  );
}

/** PUT of the account's settings, its key pair, or AWS's decision about a request for more quota. */
async function changeAccount(
  { cloud, keys }: Api,
  message: IncomingMessage,
  [name, id, ...more]: readonly string[],
): Promise<unknown> {
  if (name === 'settings' && id === undefined) {
    cloud.settingsBook.change(parseJson(await readBody(message)));
    return cloud.settingsBook.shown();
  }
  if (name === 'credentials' && id === undefined) {
    keys.rotate(parseJson(await readBody(message)));
    return { accessKeyId: keys.current.accessKeyId };
  }
  if (name === 'iam' && id === undefined) {
    await changeIam({ cloud, keys }, parseJson(await readBody(message)));
    return cloud.iam.shown();
  }
  if (name !== 'quota-requests' || id === undefined || more.length > 0) return undefined;
  const decision = decisionSchema.safeParse(parseJson(await readBody(message)));
  if (!decision.success) throw new CloudError('BadRequest', z.prettifyError(decision.error));
  const request = decideRequest(cloud, id, decision.data.status);
  if (request !== undefined) return request;
  throw new CloudError(
    'NotFound',
    `The quota request ${id} does not exist. GET /_fedimg/quota-requests lists all.`,
    404,
  );
}

const decisionSchema = z.strictObject({ status: z.enum(requestStatuses) });

/** PUT replaces all rules, POST adds some, DELETE removes one; undefined for every other request. */
async function changeFaults(
  cloud: Cloud,
  message: IncomingMessage,
  [id, ...more]: readonly string[],
): Promise<unknown> {
  if (more.length > 0) return undefined;
  if (message.method === 'DELETE' && id !== undefined) {
    return foundRule(cloud.faults.remove(id), id);
  }
  if (id !== undefined) return undefined;
  if (message.method === 'PUT') return cloud.faults.replace(parseJson(await readBody(message)));
  if (message.method === 'POST') return cloud.faults.add(parseJson(await readBody(message)));
  return undefined;
}

function foundRule<T>(rule: T | undefined, id: string): T {
  if (rule !== undefined) return rule;
  throw new CloudError(
    'NotFound',
    `The fault rule ${id} does not exist. GET /_fedimg/faults lists all.`,
    404,
  );
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw new CloudError('BadRequest', 'The body is not JSON.');
  }
}

function send(response: ServerResponse, status: number, value: unknown): void {
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** The account's resources, without those that are terminated or being deleted. */
export function listResources(cloud: Cloud): ListedResource[] {
  const now = cloud.clock.now();
  const entry = (
    type: ListedResource['type'],
    record: ResourceRecord,
    state: string,
    isPublic: boolean,
  ): ListedResource => ({
    type,
    id: record.id,
    region: record.region,
    state,
    public: isPublic,
    tags: record.tags,
  });
  const own = <T extends { readonly ownerId: string }>(records: Iterable<T>): T[] =>
    [...records].filter((record) => record.ownerId === cloud.accountId);
  return [
    ...[...cloud.instances.all()]
      .filter((instance) => instance.state !== 'terminated')
      .map((instance) => entry('instance', instance, instance.state, false)),
    ...[...cloud.volumes.all()]
      .filter((volume) => volume.goneAt === undefined)
      .map((volume) => entry('volume', volume, volumeStatus(volume, now), false)),
    ...own(cloud.snapshots.all()).map((snapshot) =>
      entry('snapshot', snapshot, snapshotStatus(snapshot, now), snapshot.permissions.everyone),
    ),
    ...own(cloud.images.all()).map((image) =>
      entry('image', image, imageState({ cloud }, image), image.permissions.everyone),
    ),
  ];
}
