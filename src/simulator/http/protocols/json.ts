/** The AWS JSON 1.1 protocol: a header names the action, JSON comes in and goes out. */

import { CloudError, jsonErrorBody } from '../../errors.js';
import type { Service } from '../../service.js';
import type { SignedRequest } from '../signature-claim.js';
import type { Protocol, RequestContent } from './protocol.js';

/**
 * How services of this protocol name what is wrong with a signature (SSM and Service Quotas API references,
 * "Common errors"; UnrecognizedClientException: HTTP 403).
 */
export const jsonSignatureErrors: Service['signatureErrors'] = {
  missing: ['MissingAuthenticationTokenException', 400],
  incomplete: ['IncompleteSignatureException', 400],
  'unknown-key': ['UnrecognizedClientException', 403],
  'unknown-session': ['UnrecognizedClientException', 403],
  'expired-session': ['ExpiredTokenException', 403],
  mismatch: ['InvalidSignatureException', 400],
  expired: ['InvalidSignatureException', 400],
};

/** @param targetPrefix of `X-Amz-Target`, such as `AmazonSSM.` */
export function awsJson(targetPrefix: string): Protocol {
  return {
    name: 'aws-json',
    contentType: 'application/x-amz-json-1.1',
    targetPrefix,
    read: (request) => readJson(request, targetPrefix),
    writeAnswer: ({ fields }) => JSON.stringify(fields),
    writeError: (error) => JSON.stringify(jsonErrorBody(error)),
    logged: ({ json }) => json,
  };
}

function readJson({ message, body }: SignedRequest, targetPrefix: string): RequestContent {
  const target = String(message.headers['x-amz-target']);
  const action = target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : '';
  if (!/^\w+$/.test(action)) throw new CloudError('UnknownOperationException', '');
  const json = parseObject(body);
  return { action, parameters: new Map(), flat: flatten(json), json };
}

/** The body as a JSON object; an empty body is an empty one. Throws SerializationException. */
export function parseObject(body: Buffer): object {
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
  return json;
}

const depthMax = 20;

/** Writing a deeper request down again would run out of stack. */
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

/** By flat names, lists numbered from 1: `Tags.1.Key`. */
export function flatten(json: object): Map<string, string> {
  const flat = new Map<string, string>();
  const visit = (value: unknown, name: string): void => {
    if (typeof value !== 'object' || value === null) {
      flat.set(name, String(value));
      return;
    }
    const isList = Array.isArray(value);
    for (const [key, below] of Object.entries(value)) {
      const step = isList ? String(Number(key) + 1) : key;
      visit(below, name === '' ? step : `${name}.${step}`);
    }
  };
  visit(json, '');
  return flat;
}
