/** AWS's errors, as actions throw them. */

/** An error that a service answers. Codes of EC2: EC2 API reference, "Error codes". */
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

/** AWS JSON 1.1's error shape. */
export function jsonErrorBody(error: CloudError): { __type: string; message: string } {
  return { __type: error.code, message: error.message };
}
