/** What an EC2 action is: the parameters it takes and what it does with them. */

import type { ServiceCall } from '../../service.js';
import { CloudError } from '../../errors.js';
import type { InputOf, Shape } from '../../input.js';
import { flag, readShape } from '../../input.js';
import type { ParameterTree } from '../../http/query-protocol.js';
import type { XmlFields } from '../../http/xml.js';

/** What an action is given of a call, beside its parameters. */
export type Call = Pick<ServiceCall, 'cloud' | 'region' | 'action' | 'changed' | 'resources'>;

/**
 * Notes what the call has changed. An action calls it before it waits: a resource is compared with how it was when
 * it was last read, and meanwhile an event can read it.
 */
export function settle(call: Call): void {
  const keys = call.cloud.store.takeChanges();
  call.changed.push(...keys);
  call.resources.push(...call.cloud.changes.read(keys));
}

export interface Action {
  run(call: Call, parameters: ParameterTree): XmlFields | Promise<XmlFields>;
}

/**
 * Declares an action. DryRun is accepted everywhere and answered once the parameters are read: it
 * checks permissions, not state (EC2 API reference, any action: DryRun).
 */
export function action<S extends Shape>(
  shape: S,
  perform: (call: Call, input: InputOf<S>) => XmlFields | Promise<XmlFields>,
): Action {
  const full = { ...shape, DryRun: flag };
  return {
    run: (call, parameters) => {
      const input = readShape(full, parameters);
      if (input.DryRun === true) {
        throw new CloudError(
          'DryRunOperation',
          'Request would have succeeded, but DryRun flag is set.',
          412,
        );
      }
      return perform(call, input);
    },
  };
}

export type ActionTable = Readonly<Record<string, Action>>;
