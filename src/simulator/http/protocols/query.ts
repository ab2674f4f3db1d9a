/** The two query protocols: a form comes in, XML goes out. EC2 has one of its own, all other services the other. */

import { CloudError } from '../../errors.js';
import type { Parameter } from '../query-protocol.js';
import { decodeForm, nestParameters, plainParameters } from '../query-protocol.js';
import type { SignedRequest } from '../signature-claim.js';
import type { XmlFields } from '../xml.js';
import { escapeXml, writeXml } from '../xml.js';
import type { Protocol, RequestContent } from './protocol.js';

export interface QueryApi {
  /** The API's date, such as `2016-11-15`. */
  readonly version: string;
  /** Of the answers' XML. */
  readonly namespace: string;
}

const contentType = 'text/xml;charset=UTF-8';
/** Parameters that name the action; its own parameters are the others. */
const envelope = ['Action', 'Version'];

/** EC2 developer guide, "Query requests". */
export function ec2Query(api: QueryApi): Protocol {
  return {
    name: 'ec2-query',
    contentType,
    read: (request) => readForm(request, api),
    writeAnswer: ({ action, requestId, fields }) =>
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
      `<${action}Response xmlns="${api.namespace}">` +
      `<requestId>${requestId}</requestId>${writeXml(fields as XmlFields)}</${action}Response>`,
    writeError: (error, requestId) =>
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
      `<Response><Errors><Error><Code>${escapeXml(error.code)}</Code>` +
      `<Message>${escapeXml(error.message)}</Message></Error></Errors>` +
      `<RequestID>${requestId}</RequestID></Response>`,
    logged: plainRequest,
  };
}

/** The AWS Query protocol, as of STS (STS API reference, GetCallerIdentity). */
export function awsQuery(api: QueryApi): Protocol {
  return {
    name: 'aws-query',
    contentType,
    read: (request) => readForm(request, api),
    writeAnswer: ({ action, requestId, fields }) =>
      `<${action}Response xmlns="${api.namespace}">` +
      `<${action}Result>${writeXml(fields as XmlFields)}</${action}Result>` +
      `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>` +
      `</${action}Response>`,
    writeError: (error, requestId) =>
      `<ErrorResponse xmlns="${api.namespace}">` +
      `<Error><Type>${error.status >= 500 ? 'Receiver' : 'Sender'}</Type>` +
      `<Code>${escapeXml(error.code)}</Code>` +
      `<Message>${escapeXml(error.message)}</Message></Error>` +
      `<RequestId>${requestId}</RequestId></ErrorResponse>`,
    logged: plainRequest,
  };
}

function readForm({ query, body }: SignedRequest, api: QueryApi): RequestContent {
  const pairs = [...query, ...decodeForm(body.toString('latin1'))].filter(
    ([name]) => !name.startsWith('X-Amz-'),
  );
  const parameters = nestParameters(pairs);
  const action = parameters.get('Action');
  checkVersion(parameters.get('Version'), api.version);
  if (typeof action !== 'string' || action === '') {
    throw new CloudError(
      'MissingAction',
      'The request is missing an action or a required parameter.',
    );
  }
  for (const name of envelope) parameters.delete(name);
  return { action, parameters, flat: new Map(pairs), json: undefined };
}

function checkVersion(version: Parameter | undefined, known: string): void {
  if (version === undefined || version === known) return;
  throw new CloudError(
    'NoSuchVersion',
    `The requested version (${typeof version === 'string' ? version : ''}) of service is not valid`,
  );
}

function plainRequest({ parameters }: RequestContent): unknown {
  return plainParameters(parameters);
}

/** The error of both protocols for an action that the service does not have. */
export function invalidAction(message: string): CloudError {
  return new CloudError('InvalidAction', message);
}
