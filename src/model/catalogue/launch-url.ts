/** The page of AWS's console that launches an instance of an AMI. */

/** Each partition has a console of its own (AWS General Reference, "AWS service endpoints"). */
function consoleHost(regionName: string): string {
  if (regionName.startsWith('cn-')) return 'console.amazonaws.cn';
  if (regionName.startsWith('us-gov-')) return 'console.amazonaws-us-gov.com';
  return 'console.aws.amazon.com';
}

/** The launch wizard reads the AMI from the fragment, so it never reaches a server as part of the address. */
export function launchUrl(regionName: string, ami: string): string {
  const region = encodeURIComponent(regionName);
  return `https://${consoleHost(regionName)}/ec2/home?region=${region}#LaunchInstances:ami=${encodeURIComponent(ami)}`;
}
