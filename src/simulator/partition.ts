/** The AWS partition that the local cloud stands in for: the first part of every ARN. */

/** That of the commercial regions; China and the US government have their own. */
const partition = 'aws';

/** An ARN (IAM user guide, "Amazon Resource Names"); resources of all regions have no region. */
export function arnOf(
  service: string,
  name: { readonly region?: string; readonly account: string; readonly resource: string },
): string {
  return `arn:${partition}:${service}:${name.region ?? ''}:${name.account}:${name.resource}`;
}

/** The resource of an ARN of this partition that has an account and no region; empty for other text. */
export function globalResource(arn: string, service: string): string {
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
