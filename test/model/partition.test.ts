import assert from 'node:assert/strict';
import { EBSClient } from '@aws-sdk/client-ebs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SSMClient } from '@aws-sdk/client-ssm';
import { launchUrl } from '../../src/model/catalogue/launch-url.js';
import { partitionOf, serviceHost, ssmAgentUrl } from '../../src/model/partition.js';

const REGIONS = ['us-east-1', 'cn-north-1', 'us-gov-west-1'];

describe('the partition of a region', () => {
  it('follows from its name', () => {
    const named = REGIONS.map((one) => partitionOf(one).name);
    assert.deepEqual(named, ['aws', 'aws-cn', 'aws-us-gov']);
  });

  it('says where the SSM agent and the console are: hosts in China have another suffix', () => {
    assert.equal(
      ssmAgentUrl('cn-north-1', 'arm64'),
      'https://s3.cn-north-1.amazonaws.com.cn/amazon-ssm-cn-north-1/latest/linux_arm64',
    );
    assert.equal(
      ssmAgentUrl('eu-west-1', 'amd64'),
      'https://s3.eu-west-1.amazonaws.com/amazon-ssm-eu-west-1/latest/linux_amd64',
    );
    const hosts = REGIONS.map((one) => new URL(launchUrl(one, 'ami-1')).host);
    assert.deepEqual(hosts, [
      'console.aws.amazon.com',
      'console.amazonaws.cn',
      'console.amazonaws-us-gov.com',
    ]);
  });

  it('agrees with the endpoints of the SDK, which fedimg does not set', () => {
    for (const region of REGIONS) {
      const clients = [
        ['ec2', new EC2Client({ region })],
        ['ssm', new SSMClient({ region })],
        ['ebs', new EBSClient({ region })],
        ['servicequotas', new ServiceQuotasClient({ region })],
      ] as const;
      for (const [service, client] of clients) {
        const { hostname } = client.config.endpointProvider({ Region: region }).url;
        assert.equal(hostname, serviceHost(service, region));
        client.destroy();
      }
    }
  });
});
