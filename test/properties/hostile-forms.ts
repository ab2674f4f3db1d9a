/** Requests of the EC2 query protocol as a stranger writes them. */

import fc from 'fast-check';
import { around, hostileKey, hostileText } from './hostile-text.js';

const FORMS = [
  'Action=RunInstances&ImageId=ami-0123456789abcdef0&InstanceType=t3.micro&MinCount=1&MaxCount=1&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b&ClientToken=x',
  'Action=RegisterImage&Name=abc&Architecture=x86_64&VirtualizationType=hvm&RootDeviceName=%2Fdev%2Fsda1&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fsda1&BlockDeviceMapping.1.Ebs.SnapshotId=snap-0123456789abcdef0',
  'Action=DescribeImages&Owner.1=self&Filter.1.Name=tag%3Aa&Filter.1.Value.1=b&MaxResults=5&NextToken=x',
  'Action=DescribeSnapshots&Filter.1.Name=status&Filter.1.Value.1=completed',
  'Action=CreateTags&ResourceId.1=ami-0123456789abcdef0&Tag.1.Key=a&Tag.1.Value=b',
  'Action=CopySnapshot&SourceRegion=us-east-1&SourceSnapshotId=snap-0123456789abcdef0&Description=x',
  'Action=ModifyImageAttribute&ImageId=ami-0123456789abcdef0&LaunchPermission.Add.1.Group=all',
  'Action=CreateVolume&AvailabilityZone=us-east-1a&Size=1&VolumeType=gp3',
  'Action=DescribeInstances&InstanceId.1=i-0123456789abcdef0',
];

/** A form with one name or value changed, the names and values percent-encoded or not. */
export const hostileForm = fc.oneof(
  fc
    .tuple(fc.constantFrom(...FORMS), fc.nat(), hostileText, hostileKey, fc.nat({ max: 5 }))
    .map(([form, index, value, key, way]) => {
      const pairs = form.split('&');
      const at = 1 + (index % (pairs.length - 1));
      const [name = ''] = (pairs[at] ?? '').split('=');
      const encoded = encodeURIComponent(value.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
      if (way === 0) pairs[at] = `${name}=${value}`;
      else if (way === 1) pairs[at] = `${name}.${encodeURIComponent(key)}=${encoded}`;
      else if (way === 2) pairs.push(pairs[at] ?? '');
      else if (way === 3) pairs.push(`${encodeURIComponent(key)}=${encoded}`);
      else pairs[at] = `${name}=${encoded}`;
      return pairs.join('&');
    }),
  around(fc.constantFrom(...FORMS)),
  fc.constantFrom(20_001, 100_000).map((count) => 'a=b&'.repeat(count)),
  fc.constantFrom(13, 10_000).map((depth) => `Action=DescribeImages&${'a.'.repeat(depth)}b=c`),
  fc
    .constantFrom(500, 20_000)
    .map(
      (length) =>
        `Action=DescribeImages&Filter.1.Name=name&Filter.1.Value.1=${'*a'.repeat(length)}b`,
    ),
);
