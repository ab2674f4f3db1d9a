/** What every AWS call passes right before it is sent: may it go, and on whose behalf does it? */

import type { Pluggable } from '@smithy/types';

export interface CallGate {
  /** Asked each time that a call is sent, the SDK's own repeats included; rejects when it must not go. */
  admit(action: string): Promise<void>;
  /** What stands first in the User-Agent, for CloudTrail's readers; undefined: nothing. */
  sender(): string | undefined;
}

interface HttpRequest {
  readonly headers: Record<string, string>;
}

/** Puts the gate behind the SDK's own retry, so that no repeat slips by. */
export function callGatePlugin<I extends object, O extends object>(
  gate: CallGate,
): Pluggable<I, O> {
  return {
    applyToStack: (stack) => {
      stack.add(
        (next, context) => async (args) => {
          await gate.admit((context.commandName ?? '').replace(/Command$/, ''));
          const sender = gate.sender();
          if (sender !== undefined) {
            // Not among the signed headers (Signature Version 4 leaves user-agent out).
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
