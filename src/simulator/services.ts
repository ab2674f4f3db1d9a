/** The AWS services of the local cloud, and which of them a request is for. */

import type { IncomingMessage } from 'node:http';
import { ebsService } from './ebs/service.js';
import { ec2Service } from './ec2/service.js';
import type { Service } from './service.js';
import { serviceQuotasService } from './service-quotas/service.js';
import { ssmService } from './ssm/service.js';
import { stsService } from './sts/service.js';

export const services: readonly Service[] = [
  ec2Service,
  ssmService,
  stsService,
  serviceQuotasService,
  ebsService,
];

/** The service that a request claims to be for, before its signature is checked; EC2 by default. */
export function claimedService(message: IncomingMessage): Service {
  const target = message.headers['x-amz-target'];
  const scope = /\/([\w-]+)\/aws4_request/.exec(message.headers.authorization ?? '')?.[1];
  const candidates = services.filter(
    ({ protocol }) => (protocol.targetPrefix !== undefined) === (target !== undefined),
  );
  return (
    candidates.find(({ protocol }) => {
      const { targetPrefix } = protocol;
      return targetPrefix !== undefined && String(target).startsWith(targetPrefix);
    }) ??
    candidates.find(({ name }) => name === scope) ??
    candidates.find(({ protocol: { pathPrefix } }) => {
      return pathPrefix !== undefined && (message.url ?? '').startsWith(pathPrefix);
    }) ??
    candidates[0] ??
    ec2Service
  );
}
