/** The images of a finished compose that the configuration wants published. */

import { log } from '@temporalio/activity';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { ComposeImage } from '../model/compose/compose.js';
import { parseComposeId } from '../model/compose/compose.js';
import type { ComposeMessage } from '../model/compose/compose-message.js';
import type { ImageRequest } from '../model/plan/plan.js';
import { readComposeImages } from '../fetch/compose-metadata.js';
import type { ComposeImages } from './shapes/image.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';

export async function readCompose(
  context: ActivityContext,
  message: ComposeMessage,
): Promise<ComposeImages> {
  const read = await heartbeating(waitingFor('metadata'), (_report, signal) =>
    composeImages(context, message, signal),
  );
  for (const image of read.absent) log.warn('the compose lacks an image', { image });
  return read;
}

/** Only reads. Throws a `ServiceError` for a message without a location, and what the fetcher throws. */
export async function composeImages(
  { config, urlPolicy }: Pick<ActivityContext, 'config' | 'urlPolicy'>,
  message: ComposeMessage,
  signal: AbortSignal,
): Promise<ComposeImages> {
  const { composeId, location, label } = message;
  if (location === undefined) throw withoutLocation(message);
  const { images, absent } = await readComposeImages(
    { composeId, location, label, selection: config.composes },
    { policy: urlPolicy, signal },
  );
  const release = parseComposeId(composeId)?.version ?? 'unknown';
  // A signal that did not come from fedimg may have an empty label.
  const labelled = label ? { label } : {};
  return {
    requests: images.map((image, index) => ({
      composeId,
      release,
      ...labelled,
      image,
      // All images of a compose run at the same time, and none sees what the others are about to publish.
      ...(index === 0 ? {} : { ahead: images.slice(0, index).map(asAhead) }),
    })),
    absent: absent.map(({ subvariant, arch }) => `${subvariant} ${arch}`),
  };
}

function asAhead({
  name,
  arch,
  subvariant,
}: ComposeImage): NonNullable<ImageRequest['ahead']>[number] {
  return { name, arch, subvariant };
}

function withoutLocation({ composeId, status }: ComposeMessage): ServiceError {
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `${composeId} is ${status}, but its message has no location`,
    {
      code: 'compose-location',
      class: 'refused',
      next: 'Signal the compose again with a message that has a location.',
    },
  );
}
