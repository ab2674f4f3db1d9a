/** DecodeAuthorizationMessage. */

import { CloudError } from '../errors.js';
import { decodeMessage } from '../iam/denial.js';
import { readShape, required, text } from '../input.js';
import type { ServiceCall } from '../service.js';

export function decodeAuthorizationMessage({ cloud, parameters }: ServiceCall): unknown {
  const { EncodedMessage: encoded } = readShape({ EncodedMessage: required(text) }, parameters);
  // STS API reference: 1 to 10,240 characters.
  if (encoded.length > 10_240) {
    throw new CloudError('ValidationError', 'EncodedMessage has more than 10240 characters.');
  }
  return { DecodedMessage: decodeMessage(cloud, encoded) };
}
