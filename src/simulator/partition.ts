/** AWS's partitions as the local cloud serves them, one at a time: ARNs, hosts, and Amazon's own account. */

export const PARTITIONS = ['aws', 'aws-cn', 'aws-us-gov'] as const;

export type PartitionName = (typeof PARTITIONS)[number];

/** AWS General Reference, "ARNs": a region's name begins with its partition's prefix. */
export function partitionOfRegion(region: string): PartitionName {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** AWS General Reference, "Service endpoints"; docs.amazonaws.cn, "Endpoints and ARNs". */
export function dnsSuffixOf(region: string): string {
  return partitionOfRegion(region) === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
}

/** The owner of Amazon Linux in each partition (awslabs/amazon-eks-ami, `source_ami_owners`). */
export const amazonAccounts: Readonly<Record<PartitionName, string>> = {
  aws: '137112412989',
  'aws-cn': '141808717104',
  'aws-us-gov': '045324592363',
};

/** IAM user guide, "AWS service principals": that of EC2 in China has the suffix of its hosts. */
export function ec2Principal(region: string): string {
  return `ec2.${dnsSuffixOf(region)}`;
}

interface ArnPlace {
  readonly account: string;
  readonly resource: string;
}

/** An ARN (IAM user guide, "Amazon Resource Names"); resources of all regions have a partition and no region. */
export function arnOf(
  service: string,
  place: ArnPlace & ({ readonly region: string } | { readonly partition: PartitionName }),
): string {
  const region = 'region' in place ? place.region : '';
  const partition = 'region' in place ? partitionOfRegion(place.region) : place.partition;
  return `arn:${partition}:${service}:${region}:${place.account}:${place.resource}`;
}

/** The resource of an ARN of this partition that has an account and no region; empty for other text. */
export function globalResource(arn: string, service: string, partition: PartitionName): string {
  const [prefix, ofPartition, ofService, region, account = '', ...resource] = arn.split(':');
  const isOne = prefix === 'arn' && ofPartition === partition && ofService === service;
  return isOne && region === '' && /^\d{12}$/.test(account) ? resource.join(':') : '';
}

/** What follows service, region and account in an ARN of any partition; other text is as it was. */
export function withoutArn(text: string, service: string, kind: string): string {
  const found = /^arn:aws[\w-]*:([\w-]+):[\w-]*:\d*:(.*)$/s.exec(text);
  if (found === null || found[1] !== service) return text;
  const resource = found[2] ?? '';
  return resource.startsWith(kind) ? resource.slice(kind.length) : text;
}
