/** Which names an image can have. */

import { CloudError } from '../../errors.js';

/** EC2 API reference, RegisterImage: Name. */
export function checkImageName(name: string): void {
  if (/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/.test(name)) return;
  throw new CloudError(
    'InvalidAMIName.Malformed',
    "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '[', ']', ' ', '.', '/', '-', ''', '@' and '_'",
  );
}
