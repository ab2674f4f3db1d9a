/** What the server needs to know of an AWS service; each service is one folder and one line of services.ts. */

import type { Cloud } from './cloud.js';
import type { CloudError } from './errors.js';
import type { ErrorForm, FaultedCall } from './faults/error-forms.js';
import type { Need } from './faults/throttle.js';
import type { LatencyName } from './latency.js';
import type { Protocol, RequestContent } from './http/protocols/protocol.js';
import type { SignatureProblem } from './http/signature-claim.js';
import type { ReadChange } from './store/resource-change.js';

/** One call: where it goes and what it is about. */
export interface ServiceCall extends RequestContent {
  readonly cloud: Cloud;
  readonly region: string;
  /** The caller's access key id. */
  readonly principal: string;
  /** Records that it has changed so far, for the effect log. */
  readonly changed: string[];
  /** The same, as far as they are resources, with how. */
  readonly resources: ReadChange[];
}

/** Answers what the protocol writes: the fields of XML, or the body of JSON. Throws CloudError. */
export type ServiceAction = (call: ServiceCall) => unknown;

/** Kinds of fault rules whose answer is an error, in the form of each service. */
export type ErrorFault = 'throttle' | 'error' | 'refusal' | 'capacity' | 'quota';

/** Kinds of fault rules that refuse the caller's keys. */
export type KeyFault = Extract<SignatureProblem, 'unknown-key' | 'expired-session'>;

export interface Service {
  /** As in the scope of a signature and in the effect log. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly actions: ReadonlyMap<string, ServiceAction>;
  readonly unknownAction: (action: string) => CloudError;
  /** How long a call takes; the others are answered at once. */
  readonly durationOf?: (action: string) => LatencyName | undefined;
  /** The tokens that the call needs; without any it is never throttled. */
  readonly throttles: (call: RequestContent) => readonly Need[];
  readonly faults: Readonly<Record<ErrorFault, (call: FaultedCall) => ErrorForm>>;
  /** How it names what is wrong with a signature. */
  readonly signatureErrors: Readonly<
    Record<SignatureProblem, readonly [code: string, status: number]>
  >;
  /** How old, or how far ahead, the time stamp of a signature may be. */
  readonly signatureSkewMs: number;
  /** Goes on with what was under way when the process ended. */
  readonly resume?: (cloud: Cloud) => void;
}
