/** What differs between AWS's partitions: accounts, credentials and AMIs of one do not exist in another. */

export const PARTITIONS = ['aws', 'aws-cn', 'aws-us-gov'] as const;

export type PartitionName = (typeof PARTITIONS)[number];

export interface Partition {
  /** The second part of every ARN. */
  readonly name: PartitionName;
  /** As AWS calls it. */
  readonly title: string;
  /** With which the names of its regions begin. */
  readonly regionPrefix: string;
  /** What the names of services' hosts end in. */
  readonly dnsSuffix: string;
  /** The web console. */
  readonly consoleHost: string;
  /** Whether the prices of us-east-1, in US dollars, say what a publication costs there, more or less. */
  readonly hasStandardPrices: boolean;
}

/** AWS General Reference, "ARNs" and "Service endpoints"; docs.amazonaws.cn, "Endpoints and ARNs". */
const STANDARD: Partition = {
  name: 'aws',
  title: 'AWS',
  regionPrefix: '',
  dnsSuffix: 'amazonaws.com',
  consoleHost: 'console.aws.amazon.com',
  hasStandardPrices: true,
};

const OTHERS: readonly Partition[] = [
  {
    name: 'aws-cn',
    title: 'AWS in China',
    regionPrefix: 'cn-',
    dnsSuffix: 'amazonaws.com.cn',
    consoleHost: 'console.amazonaws.cn',
    // Two companies in China sell it, each for yuan.
    hasStandardPrices: false,
  },
  {
    name: 'aws-us-gov',
    title: 'AWS GovCloud (US)',
    regionPrefix: 'us-gov-',
    dnsSuffix: 'amazonaws.com',
    consoleHost: 'console.amazonaws-us-gov.com',
    hasStandardPrices: true,
  },
];

/** A region's name begins with its partition's prefix. */
export function partitionOf(regionName: string): Partition {
  return OTHERS.find(({ regionPrefix }) => regionName.startsWith(regionPrefix)) ?? STANDARD;
}

/** The partition of an ARN; undefined for other text, such as a name. */
export function partitionOfArn(text: string): string | undefined {
  return /^arn:([^:]*):/.exec(text)?.[1];
}

/** The host of a service in a region. */
export function serviceHost(service: string, regionName: string): string {
  return `${service}.${regionName}.${partitionOf(regionName).dnsSuffix}`;
}

/** SSM user guide, "Manually installing SSM Agent": the bucket of the region's agents. */
export function ssmAgentUrl(regionName: string, arch: 'amd64' | 'arm64'): string {
  return `https://${serviceHost('s3', regionName)}/amazon-ssm-${regionName}/latest/linux_${arch}`;
}
