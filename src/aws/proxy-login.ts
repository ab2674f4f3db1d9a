/** A proxy that demands a login answers in place of AWS where the endpoint has no TLS. */

import type { HandlerExecutionContext, Pluggable } from '@smithy/types';
import { isLoginDemand, loginDemand } from '../proxy/environment.js';

/** What a client sends and gets; the types of the SDK leave both open. */
interface Sent {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
}

/** Throws `ProxyError` for such an answer, which the SDK would take for an answer of AWS. */
export function proxyLoginPlugin<I extends object, O extends object>(): Pluggable<I, O> {
  return {
    applyToStack: (stack) => {
      stack.add(
        (next, _context: HandlerExecutionContext) => async (args) => {
          const result = await next(args);
          const { statusCode } = result.response as { readonly statusCode: number };
          // Before the rest: each block of an image passes here.
          if (!isLoginDemand(statusCode)) return result;
          const { protocol, hostname, port } = args.request as Sent;
          const target = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`);
          const demand = loginDemand(target, statusCode);
          if (demand !== undefined) throw demand;
          return result;
        },
        // Innermost, before the answer is read.
        { step: 'deserialize', priority: 'low', name: 'proxyLogin', override: true },
      );
    },
  };
}
