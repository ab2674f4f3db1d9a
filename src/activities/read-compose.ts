/** The images of a finished compose that the configuration wants published. */

import { log } from '@temporalio/activity';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import { parseComposeId } from '../model/compose/compose.js';
import type { ComposeMessage } from '../model/compose/compose-message.js';
import { readComposeImages } from '../fetch/compose-metadata.js';
import type { ComposeImages } from './activities.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';

export async function readCompose(
  { config, urlPolicy }: ActivityContext,
  message: ComposeMessage,
): Promise<ComposeImages> {
  const { composeId, location, label } = message;
  if (location === undefined) {
    throw new ServiceError(
      EC2_SERVICE_EXCEPTION,
      `${composeId} is ${message.status}, but its message has no location`,
      {
        code: 'compose-location',
        class: 'refused',
        next: 'Signal the compose again with a message that has a location.',
      },
    );
  }
  const { images, absent } = await heartbeating(waitingFor('metadata'), (_report, signal) =>
    readComposeImages(
      { composeId, location, label, selection: config.composes },
      { policy: urlPolicy, signal },
    ),
  );
  for (const { subvariant, arch } of absent)
    log.warn('the compose lacks an image', { subvariant, arch });
  const release = parseComposeId(composeId)?.version ?? 'unknown';
  // A signal that did not come from fedimg may have an empty label.
  const labelled = label ? { label } : {};
  return {
    requests: images.map((image) => ({ composeId, release, ...labelled, image })),
    absent: absent.map(({ subvariant, arch }) => `${subvariant} ${arch}`),
  };
}
