/** The EBS direct APIs as a service of the local cloud. */

import { CloudError } from '../errors.js';
import { accessDenied } from '../faults/error-forms.js';
import { restJson } from '../http/protocols/rest-json.js';
import { signatureSkewMs } from '../http/sigv4.js';
import type { Service } from '../service.js';
import { ebsActions } from './actions.js';
import { ebsErrorBody } from './errors.js';
import { ebsRoutes } from './routes.js';
import { ebsThrottles } from './throttles.js';

export const ebsService: Service = {
  name: 'ebs',
  protocol: restJson({ routes: ebsRoutes, pathPrefix: '/snapshots', errorBody: ebsErrorBody }),
  actions: ebsActions,
  unknownAction: () => new CloudError('UnknownOperationException', '', 404),
  durationOf: (action) =>
    action === 'PutSnapshotBlock' || action === 'GetSnapshotBlock' ? 'blockTransfer' : undefined,
  throttles: ebsThrottles,
  faults: {
    throttle: () => ['RequestThrottledException', 400, 'Rate exceeded'],
    error: () => ['InternalServerException', 500, 'An internal error has occurred.'],
    refusal: ({ action }) => {
      const [code, , message] = accessDenied('ebs', action);
      return [code, 403, message];
    },
    capacity: () => [
      'InternalServerException',
      500,
      'There is not enough capacity to fulfill your request.',
    ],
    quota: () => [
      'ServiceQuotaExceededException',
      402,
      'Your current service quotas do not allow you to perform this action.',
    ],
  },
  // EBS direct APIs reference, "Common errors"; services with REST-JSON answer 403 to all of them.
  signatureErrors: {
    missing: ['MissingAuthenticationTokenException', 403],
    incomplete: ['IncompleteSignatureException', 403],
    'unknown-key': ['UnrecognizedClientException', 403],
    'unknown-session': ['UnrecognizedClientException', 403],
    'expired-session': ['ExpiredTokenException', 403],
    mismatch: ['InvalidSignatureException', 403],
    expired: ['InvalidSignatureException', 403],
  },
  signatureSkewMs,
};
