import assert from 'node:assert/strict';
import { eachWithConfigFolder } from './config-files.js';

const HOME = (region: string) =>
  `[[amis]]\nregion = "${region}"\nami = "al2023"\narch = "x86_64"\n`;
const SCRIPT = '[test]\nscript = "smoke.sh"\n';

describe('the partition of a configuration', () => {
  const folder = eachWithConfigFolder();

  it('is that of the home region', async () => {
    const text = `partition = "aws-cn"\n${HOME('cn-north-1')}${SCRIPT}`;
    const { amis, partition } = await folder().load(text);
    assert.deepEqual([amis[0].region, partition], ['cn-north-1', 'aws-cn']);
  });

  it('refuses a home region of another one, with the reason', async () => {
    const text = `partition = "aws-cn"\n${HOME('eu-west-1')}${SCRIPT}`;
    const [complaint, ...others] = await folder().complaintsAbout(text);
    assert.deepEqual(others, []);
    assert.match(
      complaint ?? '',
      /^fedimg\.toml:1:.* partition: is aws-cn, but the home region eu-west-1 .* is of aws: accounts, credentials and AMIs of one partition do not exist in another/,
    );
  });

  it('refuses regions and an instance profile of another one, each at its line', async () => {
    const text = [
      HOME('us-gov-west-1') + HOME('us-east-1') + SCRIPT,
      'instance_profile = "arn:aws:iam::111122223333:instance-profile/test"',
      '[publish]\nregions = ["us-gov-east-1", "cn-north-1"]\nrequired_regions = ["cn-north-1"]',
    ].join('\n');
    const complaints = await folder().complaintsAbout(text);
    assert.equal(complaints.length, 4, complaints.join('\n'));
    for (const [key, found] of [
      ['amis\\[1\\]\\.region', 'us-east-1 is of aws,'],
      ['test.instance_profile', 'this ARN is of aws,'],
      ['publish.regions', 'cn-north-1 is of aws-cn,'],
      ['publish.required_regions', 'cn-north-1 is of aws-cn,'],
    ] as const) {
      const one = complaints.find((line) => new RegExp(` ${key}`).test(line)) ?? assert.fail(key);
      assert(one.includes(found), one);
      assert.match(
        one,
        /the home region us-gov-west-1 of aws-us-gov.*one configuration, deployment/,
      );
    }
  });
});
