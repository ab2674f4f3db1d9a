/** EC2 as a service of the local cloud. */

import { insufficientCapacity, quotaExceeded } from '../faults/error-forms.js';
import { ec2Query, invalidAction } from '../http/protocols/query.js';
import type { Service } from '../service.js';
import { ec2Actions } from './actions.js';
import { refuseUntagged } from './lib/tag-policy.js';
import { ec2Throttles } from './throttles.js';

/** Codes of quotas by action (EC2 API reference, error codes). */
const quotaCodes: Readonly<Record<string, string>> = {
  RunInstances: 'VcpuLimitExceeded',
  StartInstances: 'VcpuLimitExceeded',
  CreateVolume: 'VolumeLimitExceeded',
  CreateSnapshot: 'SnapshotLimitExceeded',
};

export const ec2Service: Service = {
  name: 'ec2',
  protocol: ec2Query({
    version: '2016-11-15',
    namespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
  }),
  actions: new Map(
    [...ec2Actions].map(([name, action]) => [
      name,
      (call) => {
        refuseUntagged(call);
        return action.run(call, call.parameters);
      },
    ]),
  ),
  unknownAction: (action) =>
    invalidAction(`The action ${action} is not valid for this web service.`),
  throttles: ec2Throttles,
  faults: {
    throttle: () => ['RequestLimitExceeded', 503, 'Request limit exceeded.'],
    error: () => ['InternalError', 500, 'An internal error has occurred'],
    refusal: () => [
      'UnauthorizedOperation',
      403,
      'You are not authorized to perform this operation.',
    ],
    capacity: insufficientCapacity,
    quota: ({ action }) => quotaExceeded(quotaCodes[action]),
  },
  // The same code for a wrong key and for a wrong secret.
  signatureErrors: {
    missing: ['MissingAuthenticationToken', 403],
    incomplete: ['IncompleteSignature', 400],
    'unknown-key': ['AuthFailure', 401],
    'unknown-session': ['AuthFailure', 401],
    'expired-session': ['RequestExpired', 400],
    mismatch: ['AuthFailure', 401],
    expired: ['RequestExpired', 400],
  },
  // Wider than that of other services (EC2 API reference, error codes: RequestExpired).
  signatureSkewMs: 15 * 60_000,
};
