import assert from 'node:assert/strict';
import { publishedAs } from '../../../src/model/plan/published-as.js';

/** Rows: compose, label, architecture; end of the image name, release, milestone. Names as Fedora's messages have them. */
const KNOWN = [
  ['Fedora-43-20251021.0', 'RC-1.6', 'x86_64', '43-1.6', 43, 'rc'],
  ['Fedora-41-20240911.0', 'Beta-1.2', 'x86_64', '41-Prerelease-1.2', 41, 'beta'],
  ['Fedora-Cloud-43-20251102.0', undefined, 'aarch64', '43-20251102.0', 43, 'nightly'],
  ['Fedora-Cloud-43-20251102.0', 'RC-20251102.0', 'aarch64', '43-20251102.0', 43, 'nightly'],
  ['Fedora-41-20240912.n.0', undefined, 'x86_64', '41-Prerelease-20240912.0', 41, 'branched'],
  ['Fedora-Rawhide-20250820.n.0', undefined, 'aarch64', 'Rawhide-20250820.0', 45, 'rawhide'],
  ['Fedora-44-20260201.t.1', undefined, 'x86_64', '44-Prerelease-20260201.1', 44, 'test'],
] as const;

describe('what was published', () => {
  for (const [composeId, label, arch, end, release, milestone] of KNOWN) {
    it(`has the name that its consumers look for: ${composeId} ${label ?? ''}`, () => {
      const image = { composeId, label, arch, subvariant: 'Cloud_Base' };
      assert.deepEqual(publishedAs(image, 45), {
        imageName: `Fedora-Cloud-Base-AmazonEC2.${arch}-${end}`,
        release,
        milestone,
        subvariant: 'Cloud_Base',
      });
    });
  }

  it('is not announced without a release number: consumers would drop the message', () => {
    const image = { subvariant: 'Cloud_Base', arch: 'x86_64' } as const;
    const named = (composeId: string) => publishedAs({ ...image, composeId }, undefined);
    assert.equal(named('Fedora-Rawhide-20251102.n.1'), undefined);
    assert.equal(named('Fedora-ELN-20251102.n.1'), undefined);
    assert.equal(named('an image that was published by hand'), undefined);
  });
});
