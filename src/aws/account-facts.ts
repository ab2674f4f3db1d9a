/** What the account has and allows in each region, asked once for all images that are planned at the same time. */

import { publicAccessRefusal, pvKernel } from './account.js';
import type { Quota } from './quotas.js';
import { publicAmiQuota, publicImages } from './quotas.js';
import type { Aws, RegionAccess } from './region-access.js';
import { SharedAnswer } from './shared-answer.js';

export interface RegionFactAnswers {
  /** Why AMIs cannot become public; a refusal is asked for again at once, because the operator may have lifted the block. */
  readonly publicAccess: SharedAnswer<string | undefined>;
  /** The newest PV-GRUB kernel (AKI). */
  readonly pvKernel: SharedAnswer<string | undefined>;
  readonly publicAmiQuota: SharedAnswer<Quota>;
  /** One for each AMI of the account that is public. */
  readonly publicAmiNames: SharedAnswer<readonly string[]>;
}

/** The answers of one worker, or of one command. */
export class AccountFacts {
  readonly #aws: Aws;
  readonly #regions = new Map<string, RegionFactAnswers>();

  constructor(aws: Aws) {
    this.#aws = aws;
  }

  region(name: string): RegionFactAnswers {
    const answers = this.#regions.get(name) ?? answersOf(this.#aws.region(name));
    this.#regions.set(name, answers);
    return answers;
  }
}

function answersOf(ec2: RegionAccess): RegionFactAnswers {
  const { clock, settings } = ec2;
  const times = { clock, keptMs: settings.factsKeptMs };
  return {
    publicAccess: new SharedAnswer({
      ...times,
      ask: (signal) => publicAccessRefusal(ec2, signal),
      isKept: (refusal) => refusal === undefined,
    }),
    pvKernel: new SharedAnswer({ ...times, ask: (signal) => pvKernel(ec2, signal) }),
    publicAmiQuota: new SharedAnswer({
      ...times,
      ask: (signal) => publicAmiQuota(ec2, signal),
      isKept: ({ assumed }) => assumed === undefined,
    }),
    publicAmiNames: new SharedAnswer({
      ...times,
      ask: async (signal) => (await publicImages(ec2, signal)).map(({ Name = '' }) => Name),
    }),
  };
}
