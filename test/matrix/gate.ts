/** The network between one worker and the cloud: it notes every call, and holds or cuts those that run into a trap. */

import type { RelayedRequest, RelayVerdict } from '../support/relay.js';
import { openRelay } from '../support/relay.js';
import { readCall } from './call-site.js';
import { TrapSet } from './traps.js';

export interface Gate {
  readonly url: string;
  readonly traps: TrapSet;
  /** The worker is dead: from now on no call passes, and calls under way get no answer. */
  kill(): void;
  close(): Promise<void>;
}

/** Opens a gate in front of `upstream`, an http URL without a path. */
export async function openGate(upstream: string): Promise<Gate> {
  const target = new URL(upstream);
  const traps = new TrapSet();
  let isDead = false;

  const hook = async ({ message, body, sendTo }: RelayedRequest): Promise<RelayVerdict> => {
    const trap = traps.note(readCall(message, body.toString('utf8')));
    const kind = trap?.options.kind;
    if (isDead) return 'hang';
    if (kind === 'hold-before' || kind === 'cut-before' || kind === 'answer') trap?.reach();
    if (kind === 'cut-before') return 'cut';
    if (kind === 'answer') return { status: trap?.options.status ?? 500 };
    if (kind === 'hold-before') await trap?.released;
    if (isDead) return 'hang';
    const answer = await sendTo(target);
    if (kind === 'hold-after' || kind === 'cut-after') trap?.reach();
    if (kind === 'cut-after') return 'cut';
    if (kind === 'hold-after') await trap?.released;
    if (isDead) return 'hang';
    return answer ?? 'cut';
  };

  const relay = await openRelay(hook);
  const kill = (): void => {
    isDead = true;
  };
  return {
    url: relay.url,
    traps,
    kill,
    close: () => {
      kill();
      return relay.close();
    },
  };
}
