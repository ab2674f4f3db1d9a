/** A client session on the suite's Temporal server, and composes that no other test has. */

import { randomInt } from 'node:crypto';
import { DEFAULT_DEPLOYMENT } from '../../src/model/ids/installation.js';
import { connectToTemporal } from '../../src/client/connection.js';
import type { Session } from '../../src/client/session.js';
import type { ComposeMessage } from '../../src/model/compose/compose-message.js';
import type { ImageRequest } from '../../src/model/plan/plan.js';
import { BY_HAND } from '../../src/model/ids/workflow-ids.js';
import { someRequest } from '../support/images.js';
import { testTemporal } from '../support/temporal.js';

export const UI = 'http://ui.example';

/** Opens a session for the suite and closes it behind it. */
export function useSession(): () => Session {
  let session: Session | undefined;
  before(async function () {
    // The first start on a machine downloads the server.
    this.timeout(300_000);
    const { server } = await testTemporal();
    const env = {
      TEMPORAL_ADDRESS: server.address,
      TEMPORAL_NAMESPACE: server.namespace,
      TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml',
    };
    const access = await connectToTemporal({ env, connectTimeoutMs: 60_000 });
    session = { access, uiUrl: UI, deployment: DEFAULT_DEPLOYMENT };
  });
  after(() => session?.access.close());
  return () => {
    if (session === undefined) throw new Error('the session is used before it is open');
    return session;
  };
}

export function someComposeId(): string {
  const day = 1 + randomInt(28);
  return `Fedora-Cloud-${40 + randomInt(900)}-202510${String(day).padStart(2, '0')}.${randomInt(9999)}`;
}

export function finishedMessage(composeId: string): ComposeMessage {
  const location = `https://kojipkgs.example/${composeId}/compose`;
  return { composeId, status: 'FINISHED', location };
}

export function imageOf(composeId: string, arch: 'x86_64' | 'aarch64' = 'x86_64'): ImageRequest {
  return { ...someRequest({ arch }), composeId };
}

/** An image that somebody publishes without a compose. */
export function byHand(): ImageRequest {
  const request = someRequest({ subvariant: BY_HAND });
  return { ...request, composeId: request.image.name };
}
