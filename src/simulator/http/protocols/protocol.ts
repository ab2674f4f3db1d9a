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
  /** The parsed body of JSON protocols; in REST also what path, query and headers hold. */
  readonly json: unknown;
  /** The body where it is the bytes of a member, as in REST. */
  readonly bytes?: Buffer;
}

export interface AnswerContent {
  readonly action: string;
  readonly requestId: string;
  /** What the action has answered. */
  readonly fields: unknown;
}

/** What an answer has that is more than a text of the protocol's type with status 200. */
export interface AnswerFrame {
  /** In the place of the text. */
  readonly body?: Buffer;
  readonly contentType?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Protocol {
  readonly name: 'ec2-query' | 'aws-query' | 'aws-json' | 'rest-json';
  readonly contentType: string;
  /** Of the paths of REST, which name the service where the signature does not. */
  readonly pathPrefix?: string;
  /** HTTP methods; GET and POST by default. */
  readonly methods?: readonly string[];
  /** Of `X-Amz-Target`, where the header names the service and the action: `AmazonSSM.`. */
  readonly targetPrefix?: string;
  /** Throws CloudError for a request that the protocol does not allow. */
  read(request: SignedRequest): RequestContent;
  /** Whether the signature of this request may leave its body out. */
  isUnsignedPayload?(request: Pick<SignedRequest, 'message' | 'path'>): boolean;
  writeAnswer(answer: AnswerContent): string;
  writeError(error: CloudError, requestId: string): string;
  answerFrame?(answer: AnswerContent): AnswerFrame;
  errorFrame?(error: CloudError): AnswerFrame;
  /** The request in the effect log. */
  logged(request: RequestContent): unknown;
}
