/** ClientTokens of StartSnapshot (EBS user guide, "Ensure idempotency in StartSnapshot API requests"). */

import { createHash } from 'node:crypto';
import type { Cloud } from '../../cloud.js';
import type { ServiceCall } from '../../service.js';
import { EbsError, invalid } from '../errors.js';

/** "Any string that includes up to 64 ASCII characters"; the model would allow 255. */
const lengthMax = 64;

type Answer = Readonly<Record<string, unknown>>;

interface Kept {
  readonly fingerprint: string;
  readonly answer: Answer;
}

interface UnderWay {
  readonly fingerprint: string;
  readonly answer: Promise<Answer>;
}

const underWay = new WeakMap<Cloud, Map<string, UnderWay>>();

export interface TokenRequest {
  readonly token: string | undefined;
  readonly input: unknown;
}

/**
 * "If you retry an API request with the same client token and the same request parameters after it has completed
 * successfully, the result of the original request is returned", whatever became of the snapshot since. With other
 * parameters: ConflictException. A request that failed leaves its token free.
 */
export async function withClientToken(
  { cloud, region }: ServiceCall,
  { token, input }: TokenRequest,
  start: () => Promise<Answer>,
): Promise<Answer> {
  if (token === undefined) return start();
  if (token.length > lengthMax || !/^[\x21-\x7e]+$/.test(token)) {
    throw invalid(
      'INVALID_PARAMETER_VALUE',
      `The client token must have at most ${lengthMax} ASCII characters.`,
    );
  }
  const table = cloud.store.table<Kept>('ebs-client-token');
  const key = `${region} ${token}`;
  const fingerprint = createHash('sha256').update(JSON.stringify(input)).digest('hex');
  const running = runningIn(cloud);
  const earlier = table.get(key) ?? running.get(key);
  if (earlier !== undefined && earlier.fingerprint !== fingerprint) {
    throw new EbsError(
      'ConflictException',
      'The request uses the same client token as a previous, but non-identical request.',
    );
  }
  if (earlier !== undefined) return earlier.answer;
  const answer = start();
  running.set(key, { fingerprint, answer });
  try {
    table.put(key, { fingerprint, answer: await answer });
    return await answer;
  } finally {
    running.delete(key);
  }
}

/** Of two requests at once the second waits for the snapshot of the first. */
function runningIn(cloud: Cloud): Map<string, UnderWay> {
  let running = underWay.get(cloud);
  if (running === undefined) underWay.set(cloud, (running = new Map<string, UnderWay>()));
  return running;
}
