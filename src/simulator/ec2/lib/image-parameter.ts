/** `resolve:ssm:PARAMETER`, `…:VERSION` and `…:LABEL` in place of an image id. */

import { invalidValue } from '../../errors.js';
import { findParameter } from '../../ssm/parameter-store.js';
import type { Call } from './action.js';

const prefix = 'resolve:ssm:';

/**
 * The id that the text stands for (EC2 user guide, "Reference AMIs using Systems Manager parameters"; EC2 API
 * reference, RunInstances: ImageId). The code for a parameter that cannot be read is not documented.
 */
export function resolveImageId(call: Call, imageId: string): string {
  if (!imageId.startsWith(prefix)) return imageId;
  const asked = imageId.slice(prefix.length);
  const found = findParameter(call.cloud, call.region, asked);
  if (found === undefined) {
    throw invalidValue(`The Systems Manager parameter '${asked}' does not exist.`);
  }
  if (found === 'no-version') {
    throw invalidValue(`The Systems Manager parameter '${asked}' has no such version or label.`);
  }
  const { type, value } = found.version;
  if (type === 'String' && /^ami-[0-9a-f]+$/.test(value)) return value;
  throw invalidValue(`The Systems Manager parameter '${asked}' does not contain an AMI ID.`);
}
