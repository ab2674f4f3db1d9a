import assert from 'node:assert/strict';
import { partitionOf, ssmAgentUrl } from '../../src/aws/partition.js';

describe('the partition of a region', () => {
  it('follows from its name', () => {
    const named = ['us-east-1', 'cn-north-1', 'us-gov-west-1'].map((one) => partitionOf(one).name);
    assert.deepEqual(named, ['aws', 'aws-cn', 'aws-us-gov']);
  });

  it('says where the SSM agent is: hosts in China have another suffix', () => {
    assert.equal(
      ssmAgentUrl('cn-north-1', 'arm64'),
      'https://s3.cn-north-1.amazonaws.com.cn/amazon-ssm-cn-north-1/latest/linux_arm64',
    );
    assert.equal(
      ssmAgentUrl('eu-west-1', 'amd64'),
      'https://s3.eu-west-1.amazonaws.com/amazon-ssm-eu-west-1/latest/linux_amd64',
    );
  });
});
