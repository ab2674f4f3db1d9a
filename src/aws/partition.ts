/** What differs between AWS's partitions. */

export interface Partition {
  readonly name: 'aws' | 'aws-cn' | 'aws-us-gov';
  /** What the names of services' hosts end in. */
  readonly dnsSuffix: string;
}

/** AWS General Reference, "ARNs": a region's name begins with its partition's prefix. */
export function partitionOf(regionName: string): Partition {
  if (regionName.startsWith('cn-')) return { name: 'aws-cn', dnsSuffix: 'amazonaws.com.cn' };
  if (regionName.startsWith('us-gov-')) return { name: 'aws-us-gov', dnsSuffix: 'amazonaws.com' };
  return { name: 'aws', dnsSuffix: 'amazonaws.com' };
}

/** SSM user guide, "Manually installing SSM Agent": the bucket of the region's agents. */
export function ssmAgentUrl(regionName: string, arch: 'amd64' | 'arm64'): string {
  const { dnsSuffix } = partitionOf(regionName);
  return `https://s3.${regionName}.${dnsSuffix}/amazon-ssm-${regionName}/latest/linux_${arch}`;
}
