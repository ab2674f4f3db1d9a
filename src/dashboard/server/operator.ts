/** The acts of a visitor, as the commands do them; the run's record names the visitor. */

import { cancelPublication } from '../../client/cancel.js';
import { ClientError } from '../../client/errors.js';
import { actOnImages } from '../../client/operator.js';
import { retryPublication } from '../../client/retry.js';
import type { Session } from '../../client/session.js';
import type { StartOptions } from '../../client/start.js';
import type { OperatorAction } from '../../model/progress/operator.js';
import type { Notice } from '../pages/layout.js';

export const ACTIONS: readonly OperatorAction[] = [
  'retry',
  'skip',
  'approve',
  'pause',
  'resume',
  'cancel',
];

export interface Act {
  readonly action: OperatorAction;
  /** A workflow id. */
  readonly id: string;
  readonly regions: readonly string[];
  readonly by: string;
  readonly reason: string | undefined;
}

/** Does the act and says what became of it; an act that makes no sense is refused with the reason. */
export type Operator = (act: Act) => Promise<Notice>;

const DONE: Readonly<Record<OperatorAction, string>> = {
  retry: 'fedimg tries it again',
  skip: 'left out',
  approve: 'approved',
  pause: 'it pauses before the next step',
  resume: 'it goes on',
  cancel: 'the cancellation is requested',
};

export function createOperator(session: Session, start: StartOptions): Operator {
  return async (act) => {
    const where = act.regions.length === 0 ? '' : ` (${act.regions.join(', ')})`;
    try {
      const isChanged = await perform(session, start, act);
      const text = isChanged ? DONE[act.action] : 'it was so already; no change';
      return { tone: 'good', text: `${act.id}${where}: ${text}.` };
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      return { tone: 'bad', text: `${error.message}. ${error.next}` };
    }
  };
}

/** Whether it changed anything. */
async function perform(session: Session, start: StartOptions, act: Act): Promise<boolean> {
  const { action, id, regions, by, reason } = act;
  const operator = { by, ...(reason === undefined ? {} : { reason }) };
  switch (action) {
    case 'retry': {
      const { images, started } = await retryPublication(session, id, {
        ...start,
        regions,
        operator,
      });
      return started.length > 0 || images.some(({ changed }) => changed);
    }
    case 'cancel':
      return (await cancelPublication(session, id, operator)).requested;
    case 'skip':
    case 'approve':
    case 'pause':
    case 'resume': {
      const { images } = await actOnImages(session, id, action, { ...operator, regions });
      return images.some(({ changed }) => changed);
    }
  }
}
