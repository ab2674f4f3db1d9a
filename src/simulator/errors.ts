/** AWS's errors: what a handler throws, and how each protocol writes it. */

import { escapeXml } from './http/xml.js';

/** An answer of EC2, STS or SSM that says no. Codes: EC2 API reference, "Error codes". */
export class CloudError extends Error {
  override readonly name = 'CloudError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export function invalidValue(message: string): CloudError {
  return new CloudError('InvalidParameterValue', message);
}

export function invalidCombination(message: string): CloudError {
  return new CloudError('InvalidParameterCombination', message);
}

export function missingParameter(name: string): CloudError {
  return new CloudError('MissingParameter', `The request must contain the parameter ${name}`);
}

export function incorrectState(message: string): CloudError {
  return new CloudError('IncorrectState', message);
}

/** EC2's error envelope (EC2 developer guide, "Query requests": error responses). */
export function ec2ErrorBody(error: CloudError, requestId: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<Response><Errors><Error><Code>${escapeXml(error.code)}</Code>` +
    `<Message>${escapeXml(error.message)}</Message></Error></Errors>` +
    `<RequestID>${requestId}</RequestID></Response>`
  );
}

/** The AWS Query envelope of STS. */
export function stsErrorBody(error: CloudError, requestId: string): string {
  const type = error.status >= 500 ? 'Receiver' : 'Sender';
  return (
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
    `<Error><Type>${type}</Type><Code>${escapeXml(error.code)}</Code>` +
    `<Message>${escapeXml(error.message)}</Message></Error>` +
    `<RequestId>${requestId}</RequestId></ErrorResponse>`
  );
}

/** AWS JSON 1.1's error shape. */
export function jsonErrorBody(error: CloudError): { __type: string; message: string } {
  return { __type: error.code, message: error.message };
}
