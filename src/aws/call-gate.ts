/** A gate that every AWS call passes right before it is sent: it can refuse the call, and names the sender. */

import type { Pluggable } from '@smithy/types';
import { callName } from './call-name.js';

export interface CallGate {
  /** Called each time a call is sent, also by the SDK's own retry; rejects when the call must not be sent. */
  admit(action: string): Promise<void>;
  /** The first part of the User-Agent, which CloudTrail shows; undefined to leave it as it is. */
  sender(): string | undefined;
}

interface HttpRequest {
  readonly headers: Record<string, string>;
}

/** Puts the gate behind the SDK's own retry, so that each retry passes it, too. */
export function callGatePlugin<I extends object, O extends object>(
  gate: CallGate,
): Pluggable<I, O> {
  return {
    applyToStack: (stack) => {
      stack.add(
        (next, context) => async (args) => {
          await gate.admit(callName(context).action);
          const sender = gate.sender();
          if (sender !== undefined) {
            // Signature Version 4 does not sign the user-agent header.
            const { headers } = args.request as HttpRequest;
            headers['user-agent'] = `${sender} ${headers['user-agent'] ?? ''}`;
          }
          return next(args);
        },
        { step: 'finalizeRequest', priority: 'low', name: 'callGate', override: true },
      );
    },
  };
}
