/** How a service's requests are read and its answers written. */

import type { CloudError } from '../../errors.js';
import type { ParameterTree } from '../query-protocol.js';
import type { SignedRequest } from '../signature-claim.js';

export interface RequestContent {
  readonly action: string;
  /** Of the query protocols; empty for JSON. */
  readonly parameters: ParameterTree;
  /** By flat names, for fault rules: `InstanceId.1`, or `InstanceIds.1` of a JSON body. */
  readonly flat: ReadonlyMap<string, string>;
  /** The parsed body of JSON protocols. */
  readonly json: unknown;
}

export interface AnswerContent {
  readonly action: string;
  readonly requestId: string;
  /** What the action has answered. */
  readonly fields: unknown;
}

export interface Protocol {
  readonly name: 'ec2-query' | 'aws-query' | 'aws-json';
  readonly contentType: string;
  /** Of `X-Amz-Target`, where the header names the service and the action: `AmazonSSM.`. */
  readonly targetPrefix?: string;
  /** Throws CloudError for a request that the protocol does not allow. */
  read(request: SignedRequest): RequestContent;
  writeAnswer(answer: AnswerContent): string;
  writeError(error: CloudError, requestId: string): string;
  /** The request in the effect log. */
  logged(request: RequestContent): unknown;
}
