/** A client's connection to the Temporal server of a publisher under test, as the commands open it. */

import { connectToTemporal } from '../../src/client/connection.js';
import type { Session } from '../../src/client/session.js';
import type { StartOptions } from '../../src/client/start.js';
import type { PublicationStatus } from '../../src/client/status.js';
import { readStatus } from '../../src/client/status.js';
import type { RegionState } from '../../src/model/progress/progress.js';
import type { LocalPublisher } from './local-publisher.js';
import { DEPLOYMENT, TIME_SCALE } from './publisher-config.js';
import { testTemporal } from './temporal.js';
import { until } from './until.js';

export async function withSession<T>(body: (session: Session) => Promise<T>): Promise<T> {
  const { server } = await testTemporal();
  const env = { ...server.env, TEMPORAL_ADDRESS: server.address };
  const access = await connectToTemporal({ env, connectTimeoutMs: 60_000 });
  try {
    return await body({ access, uiUrl: undefined, deployment: DEPLOYMENT });
  } finally {
    await access.close();
  }
}

export function startOptions({ taskQueue }: LocalPublisher): StartOptions {
  return { taskQueue, timeScale: TIME_SCALE };
}

/** The status once the newest run of the id is closed. */
export async function closedStatus(session: Session, id: string): Promise<PublicationStatus> {
  let status: PublicationStatus | undefined;
  await until(`${id} is closed`, async () => {
    status = await readStatus(session, { workflowId: id });
    return status.outcome !== 'running';
  });
  if (status === undefined) throw new TypeError('until() has not looked');
  return status;
}

/** Resolves when these regions of the image are in this state. */
export async function untilRegions(
  session: Session,
  id: string,
  regions: readonly string[],
  state: RegionState,
): Promise<void> {
  await until(`${regions.join(', ')} ${state}`, async () => {
    const status = await readStatus(session, { workflowId: id }).catch(() => undefined);
    const known = status?.kind === 'image' ? (status.progress?.regions ?? []) : [];
    return regions.every((name) => known.some((one) => one.region === name && one.state === state));
  });
}
