/** Service Quotas as a service of the local cloud. */

import { CloudError } from '../errors.js';
import { accessDenied, commonForms } from '../faults/error-forms.js';
import type { Bucket } from '../faults/throttle.js';
import { awsJson, jsonSignatureErrors } from '../http/protocols/json.js';
import { signatureSkewMs } from '../http/sigv4.js';
import type { Service } from '../service.js';
import { quotaActions } from './actions.js';

/** Service Quotas user guide, "Quotas for Service Quotas": throttle rates a second; a burst is not documented. */
const ratesBySecond: Readonly<Record<string, number>> = {
  GetServiceQuota: 5,
  GetAWSDefaultServiceQuota: 5,
  GetRequestedServiceQuotaChange: 5,
  ListRequestedServiceQuotaChangeHistory: 5,
  ListRequestedServiceQuotaChangeHistoryByQuota: 5,
  ListServiceQuotas: 10,
  ListAWSDefaultServiceQuotas: 10,
  ListServices: 10,
  RequestServiceQuotaIncrease: 3,
};

export const serviceQuotasService: Service = {
  name: 'servicequotas',
  protocol: awsJson('ServiceQuotasV20190624.'),
  actions: quotaActions,
  unknownAction: () => new CloudError('UnknownOperationException', ''),
  throttles: ({ action }) => {
    const rate = ratesBySecond[action];
    if (rate === undefined) return [];
    const bucket: Bucket = [rate, rate];
    return [{ name: action, bucket, tokens: 1 }];
  },
  faults: {
    ...commonForms,
    throttle: () => ['TooManyRequestsException', 400, 'Rate exceeded'],
    error: () => ['ServiceException', 500, 'Something went wrong.'],
    refusal: ({ action }) => accessDenied('servicequotas', action),
    quota: () => ['QuotaExceededException', 400, 'You have exceeded your service quota.'],
  },
  signatureErrors: jsonSignatureErrors,
  signatureSkewMs,
};
