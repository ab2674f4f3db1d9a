import assert from 'node:assert/strict';
import { fedoraWebsites, parseMilestone } from '../../../src/model/catalogue/fedora-websites.js';
import type { AmiRecord } from '../../../src/model/progress/progress.js';
import { someRecord } from '../../support/records.js';

const NONE = { x86_64: {}, aarch64: {} };
const rc = (overrides: Partial<AmiRecord> = {}) => someRecord({ label: 'RC-1.6', ...overrides });

describe('the list that fedoraproject.org/cloud is built from', () => {
  it('has the form of the site’s own list, with its two stages and both architectures', () => {
    const records = [
      rc(),
      rc({ region: 'eu-west-1' }),
      rc({ arch: 'aarch64' }),
      rc({ release: '44', label: 'Beta-1.2', region: 'eu-west-1' }),
    ];
    assert.deepEqual(fedoraWebsites(records), {
      ga: {
        x86_64: {
          'eu-west-1': 'ami-43-x86_64-hvm-gp2-eu-west-1',
          'us-east-1': 'ami-43-x86_64-hvm-gp2-us-east-1',
        },
        aarch64: { 'us-east-1': 'ami-43-aarch64-hvm-gp2-us-east-1' },
      },
      beta: { x86_64: { 'eu-west-1': 'ami-44-x86_64-hvm-gp2-eu-west-1' }, aarch64: {} },
    });
    assert.deepEqual(fedoraWebsites([]), { ga: NONE, beta: NONE });
  });

  it('does not list a daily compose as a release, though it has the label of a release candidate', () => {
    for (const label of ['RC-20251021.0', 'Update-1.0', undefined]) {
      const daily = someRecord(label === undefined ? {} : { label });
      assert.deepEqual(fedoraWebsites([daily]), { ga: NONE, beta: NONE }, label ?? 'no label');
    }
    const rawhide = rc({ release: 'Rawhide', compose: 'Fedora-Cloud-Rawhide-20251021.0' });
    assert.deepEqual(fedoraWebsites([rawhide]).ga, NONE);
  });

  it('lists the last candidate of the newest release, and counts candidates as numbers', () => {
    const records = [
      rc({ label: 'RC-1.9', compose: 'Fedora-Cloud-43-20251020.0', ami: 'ami-nine' }),
      rc({ label: 'RC-1.10', compose: 'Fedora-Cloud-43-20251021.0', ami: 'ami-ten' }),
      rc({ label: 'RC-1.11', release: '42', ami: 'ami-older-release' }),
      rc({ label: 'RC-1.1', release: '9', ami: 'ami-oldest-release' }),
    ];
    assert.deepEqual(fedoraWebsites(records).ga.x86_64, { 'us-east-1': 'ami-ten' });
  });

  it('lists the declared release, not a candidate that came after it', () => {
    const records = [rc({ ami: 'ami-declared' }), rc({ release: '44', label: 'RC-1.1' })];
    const ga = parseMilestone('43-1.6');
    assert.deepEqual(fedoraWebsites(records, { ga }).ga.x86_64, { 'us-east-1': 'ami-declared' });
    assert.deepEqual(fedoraWebsites(records, { ga: parseMilestone('43-1.5') }).ga, NONE);
    for (const text of ['43', '43-RC-1.6', '43-1.6.1', '-1.6', '43-20251021.0']) {
      assert.equal(parseMilestone(text), undefined, text);
    }
  });

  it('has one of four AMIs a region: HVM on gp3, else on gp2, or the variant that the operator chose', () => {
    const records = ([2, 3] as const).flatMap((n) => [
      rc({ volumeType: `gp${n}`, ami: `ami-gp${n}` }),
      rc({ virt: 'paravirtual', volumeType: `gp${n}`, ami: `ami-pv${n}` }),
    ]);
    const standard = rc({ volumeType: 'standard', ami: 'ami-standard' });
    const amiOf = (list: AmiRecord[], variant?: string) =>
      fedoraWebsites(list, { variant }).ga.x86_64['us-east-1'];
    assert.equal(amiOf([...records, standard]), 'ami-gp3');
    assert.equal(
      amiOf([standard, ...records.filter(({ volumeType }) => volumeType !== 'gp3')]),
      'ami-gp2',
    );
    assert.equal(amiOf([standard]), 'ami-standard');
    assert.equal(amiOf([rc({ virt: 'paravirtual' })]), undefined, 'boots on no type of today');
    assert.equal(amiOf([...records, standard], 'hvm-standard'), 'ami-standard');
  });

  it('lost all regions but one, because only that one had a faster volume type', () => {
    const wide = ['us-east-1', 'eu-west-1'].map((regionName) => rc({ region: regionName }));
    const { x86_64 } = fedoraWebsites([rc({ volumeType: 'gp3' }), ...wide]).ga;
    assert.deepEqual(Object.keys(x86_64), ['eu-west-1', 'us-east-1']);
    const legacy = ['us-east-1', 'eu-west-1', 'sa-east-1'].map((regionName) =>
      rc({ virt: 'paravirtual', region: regionName }),
    );
    assert.deepEqual(fedoraWebsites([...legacy, ...wide]).ga.x86_64, x86_64, 'HVM all the same');
  });

  it('leaves out AMIs that are private, missing, or of another image', () => {
    const records = [
      rc({ public: false }),
      rc({ region: 'eu-west-1', ami: null, snapshot: null, public: false }),
      rc({ region: 'eu-west-2', subvariant: 'Cloud_Base_UKI' }),
    ];
    assert.deepEqual(fedoraWebsites(records).ga, NONE);
  });

  it('never mixes the regions of two composes that have the same label', () => {
    const records = [
      rc({ compose: 'Fedora-Cloud-43-20251021.0', region: 'us-east-1' }),
      rc({ compose: 'Fedora-Cloud-43-20251022.0', region: 'eu-west-1', ami: 'ami-respin' }),
    ];
    assert.deepEqual(fedoraWebsites(records).ga.x86_64, { 'eu-west-1': 'ami-respin' });
  });
});
