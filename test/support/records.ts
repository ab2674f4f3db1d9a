/** Records and tagged AMIs of published images, for tests of what is made of them. */

import type { AmiRecord } from '../../src/model/progress/progress.js';
import { planTags } from '../../src/model/plan/plan-tags.js';
import type { TaggedAmi } from '../../src/model/catalogue/tagged-amis.js';
import type { Origin } from '../../src/model/ids/tags.js';
import { amiTags, RESULT_STATE, TAG } from '../../src/model/ids/tags.js';
import type { Variant } from '../../src/model/ids/variant.js';
import { variantKey } from '../../src/model/ids/variant.js';
import { someRegion } from './images.js';
import { someOrigin } from './planted.js';

export const OWNER = '012345670123';

export function someRecord(overrides: Partial<AmiRecord> = {}): AmiRecord {
  const { region = 'us-east-1', virt = 'hvm', volumeType = 'gp2', arch = 'x86_64' } = overrides;
  const { release = '43', compose = `Fedora-Cloud-${release}-20251021.0` } = overrides;
  const image = `Fedora-Cloud-Base-AmazonEC2-${release}-1.6.${arch}`;
  return {
    ...{ compose, release, image, arch, virt, volumeType, region },
    ami: `ami-${release}-${arch}-${virt}-${volumeType}-${region}`,
    snapshot: `snap-${region}`,
    name: `${overrides.image ?? image}-${region}-${virt}-${volumeType}-0`,
    public: true,
    tested: false,
    subvariant: 'Cloud_Base',
    owner: OWNER,
    ...overrides,
  };
}

/** As a complete run leaves it: public, with all tags. */
export function someTaggedAmi(
  overrides: {
    readonly region?: string;
    readonly variant?: Variant;
    readonly origin?: Partial<Origin>;
    readonly plan?: Parameters<typeof planTags>[0];
    readonly tags?: Readonly<Record<string, string | undefined>>;
    readonly isPublic?: boolean;
  } = {},
): TaggedAmi {
  const { region = 'us-east-1', variant = { virt: 'hvm', volumeType: 'standard' } } = overrides;
  const origin = someOrigin(overrides.origin);
  const name = `image-${variantKey(variant)}-${region}`;
  const names = 'image-{virt}-{volume_type}-{region}';
  const step = 'register';
  const tags: Record<string, string | undefined> = {
    ...amiTags({ origin, step, name, variant, rawSha256: 'b'.repeat(64) }),
    ...planTags(overrides.plan ?? someRegion(region), { names, tests: ['hvm-standard'] }),
    [TAG.state]: RESULT_STATE.complete,
    ...overrides.tags,
  };
  const there = Object.entries(tags).filter((entry): entry is [string, string] =>
    Boolean(entry[1]),
  );
  return {
    ...{ region, name, owner: OWNER, createdMs: 0, isPublic: overrides.isPublic ?? true },
    ...{ ami: `ami-${variantKey(variant)}-${region}`, snapshot: `snap-${region}` },
    tags: Object.fromEntries(there),
  };
}
