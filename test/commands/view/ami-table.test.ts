import assert from 'node:assert/strict';
import { amiLines, compactAmiLines, countLine } from '../../../src/commands/view/ami-table.js';
import type { AmiRecord } from '../../../src/model/progress/progress.js';

const paint = (_: unknown, text: string): string => text;

function row(overrides: Partial<AmiRecord>): AmiRecord {
  return {
    compose: 'Fedora-Cloud-43-20251021.0',
    release: '43',
    image: 'Fedora-43.x86_64',
    arch: 'x86_64',
    virt: 'hvm',
    volumeType: 'gp2',
    region: 'us-east-1',
    ami: 'ami-1',
    snapshot: 'snap-1',
    name: 'Fedora-43.x86_64-hvm-us-east-1-gp2-0',
    public: true,
    tested: true,
    ...overrides,
  };
}

const missing = { ami: null, snapshot: null, public: false, tested: false } as const;
const noKernel = (regionName: string): AmiRecord =>
  row({
    ...missing,
    region: regionName,
    virt: 'paravirtual',
    reason: `no PV kernel (AKI) is to be had in ${regionName}`,
  });

describe('tables of AMIs', () => {
  it('keep the regions of an image on one line each, with the variants side by side', () => {
    const rows = [
      row({}),
      row({ virt: 'paravirtual', ami: 'ami-2' }),
      row({ region: 'eu-west-3', ami: 'ami-3', public: false }),
      noKernel('eu-west-3'),
    ];
    assert.deepEqual(compactAmiLines(rows, paint), [
      'Fedora-43.x86_64 (x86_64)',
      'REGION     HVM-GP2          PARAVIRTUAL-GP2',
      'us-east-1  ami-1            ami-2',
      'eu-west-3  ami-3 (private)  -',
      '- paravirtual-gp2 in eu-west-3: no PV kernel (AKI) is to be had in the region',
    ]);
    assert.equal(countLine(rows), '3 AMIs in 2 regions, 2 public; 1 not made');
  });

  it('print the same reason once for all regions that have it', () => {
    const regions = ['eu-west-3', 'ap-south-1', 'ca-central-1', 'eu-north-1', 'us-east-2'];
    const lines = compactAmiLines([row({}), ...regions.map(noKernel)], paint);
    assert.equal(lines.filter((line) => line.startsWith('- ')).length, 1);
    assert.match(lines.at(-1) ?? '', /^- paravirtual-gp2 in 5 regions: no PV kernel/);
  });

  it('show AMI names and commands as they are, with the region in them', () => {
    const reasons = [
      'ami-9 in eu-west-3 already has the name Fedora-43.x86_64-eu-west-3-HVM-gp2-0 (private)',
      'no room in eu-west-3: aws service-quotas list-service-quotas --region eu-west-3',
      'ami-9 in eu-west-3 already has the name Fedora eu-west-3 (HVM)',
    ];
    for (const reason of reasons) {
      const name = 'Fedora eu-west-3 (HVM)';
      const lines = compactAmiLines(
        [row({ ...missing, region: 'eu-west-3', name, reason })],
        paint,
      );
      assert.equal(lines.at(-1), `- hvm-gp2 in eu-west-3: ${reason}`);
    }
  });

  it('have no grid of dashes for an image without AMIs', () => {
    const lines = compactAmiLines(
      [row({ ...missing, reason: 'not published: the run failed' })],
      paint,
    );
    assert.deepEqual(lines, [
      'Fedora-43.x86_64 (x86_64)',
      '- hvm-gp2 in us-east-1: not published: the run failed',
    ]);
  });

  it('give the reason of a missing AMI in the place of its name, without control characters', () => {
    const lines = amiLines([row({ ...missing, reason: 'quota\u001b[2J' })], paint);
    assert.match(lines[1] ?? '', /^43 +x86_64 +us-east-1 +hvm +gp2 +- +quota\\u\{1b\}\[2J$/);
  });
});
