/** The page of AWS's console that launches an instance of an AMI. */

import { partitionOf } from '../partition.js';

/** The launch wizard reads the AMI from the fragment, so it never reaches a server as part of the address. */
export function launchUrl(regionName: string, ami: string): string {
  const region = encodeURIComponent(regionName);
  const { consoleHost } = partitionOf(regionName);
  return `https://${consoleHost}/ec2/home?region=${region}#LaunchInstances:ami=${encodeURIComponent(ami)}`;
}
