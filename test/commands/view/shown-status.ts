/** A status as a terminal shows it, without colours. */

import type { PublicationStatus } from '../../../src/client/status.js';
import { screenLines } from '../../../src/commands/view/screen.js';
import type { statusLines } from '../../../src/commands/view/status-view.js';
import type { TransferRates } from '../../../src/commands/view/work-text.js';
import type { WriteHeartbeat } from '../../../src/model/progress/heartbeat.js';
import { overviewOf } from '../../../src/model/status/compose-overview.js';
import { MOVING, NOW_MS, someImageStatus } from './statuses.js';

export const MIB = 1024 ** 2;

export const options = (): Parameters<typeof statusLines>[1] => ({
  paint: (_, text) => text,
  nowMs: NOW_MS,
});

export const PLAIN = (_: unknown, text: string): string => text;

/** The moving screen of a watch, without colours. */
export function live(
  status: PublicationStatus,
  { nowMs = NOW_MS, columns = 200, rows = 50, rates = new Map() as TransferRates } = {},
): string[] {
  const options = { paint: PLAIN, nowMs, columns, rows, rates };
  return screenLines({ overview: overviewOf(status), messages: [] }, options);
}

export function writing(
  phase: string,
  bytes: number,
  totalBytes: number,
): ReturnType<typeof someImageStatus> {
  const heartbeat: WriteHeartbeat = { version: 1, kind: 'write', phase, bytes, totalBytes };
  return someImageStatus({
    activities: [
      {
        id: '3',
        type: 'writeImage',
        attempt: 1,
        heartbeat,
        lastFailure: null,
        nextAttemptAt: null,
        wait: MOVING,
      },
    ],
  });
}
