/** How a service answers a signature that it does not accept. */

import { CloudError } from '../errors.js';
import type { Service } from '../service.js';
import type { SignatureProblem } from './signature-claim.js';

/** EC2's own texts, the same for every reason (EC2 API reference, error codes). */
const texts: Readonly<Record<string, string>> = {
  AuthFailure: 'AWS was not able to validate the provided access credentials',
  RequestExpired: 'Request has expired.',
};

/** The error in the service's own words; `message` is what services without a text of their own say. */
export function signatureError(
  service: Service,
  problem: SignatureProblem,
  message: string,
): CloudError {
  const [code, status] = service.signatureErrors[problem];
  return new CloudError(code, texts[code] ?? message, status);
}
