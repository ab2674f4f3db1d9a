/** Reads the records of AMIs from the histories in Temporal, or from the tags in EC2. */

import type { Catalogue } from '../../aws/catalogue.js';
import { recordsFromHistories } from '../../client/amis.js';
import { ClientError } from '../../client/errors.js';
import { LATEST, resolvePublication } from '../../client/publications.js';
import type { RunRef, Session } from '../../client/session.js';
import { linkTo } from '../../client/session.js';
import { workflowUrl } from '../../client/ui-link.js';
import type { Arch } from '../../model/compose/compose.js';
import type { AmiRecord } from '../../model/progress/progress.js';
import type { TaggedAmi } from '../../model/catalogue/tagged-amis.js';
import { recordsOfTags } from '../../model/catalogue/tagged-amis.js';
import { TAG } from '../../model/ids/tags.js';
import { EXIT, type ExitCode } from '../shared/exit-codes.js';
import { CommandError } from '../shared/problem.js';
import type { ConfigSource } from '../shared/with-session.js';
import { startOptionsOf, temporalPlace, withSession } from '../shared/with-session.js';

export const AMI_SOURCES = ['temporal', 'ec2'] as const;
export type AmiSource = (typeof AMI_SOURCES)[number];

export interface ImageFilter {
  /** An id, or `@latest`. */
  readonly compose?: string | undefined;
  readonly release?: string | undefined;
  readonly arch?: Arch | undefined;
}

export interface Read {
  /** All AMIs of the selected images, in all regions. */
  readonly records: readonly AmiRecord[];
  readonly linkOf: (run: RunRef) => string | null;
  /** What is missing in the answer, for stderr. */
  readonly notes: readonly string[];
  /** Not 0 when the answer is incomplete. */
  readonly exitCode: ExitCode;
}

export async function readFromTemporal(source: ConfigSource, filter: ImageFilter): Promise<Read> {
  try {
    return await withSession(source, async ({ session }) => {
      const compose = await composeOf(session, filter.compose);
      const records = await recordsFromHistories(session, { ...filter, ...compose });
      const linkOf = (run: RunRef) => linkTo(session, run);
      return { records, linkOf, notes: [], exitCode: EXIT.done };
    });
  } catch (error) {
    if (!(error instanceof ClientError) || error.kind !== 'unreachable') throw error;
    const next = `${error.next} Without Temporal, --from ec2 reads the tags of the AMIs.`;
    throw new ClientError(error.kind, error.message, next, error);
  }
}

/** Handles `@latest`, which may be an image that was published by hand. */
async function composeOf(
  session: Session,
  id: string | undefined,
): Promise<{ compose?: string | undefined; workflowIds?: string[] }> {
  if (id === undefined) return {};
  if (id !== LATEST) return { compose: id };
  const latest = await resolvePublication(session, LATEST);
  return latest.kind === 'compose' && latest.compose !== null
    ? { compose: latest.compose }
    : { compose: undefined, workflowIds: [latest.workflowId] };
}

/** Enough for a distant, busy region; the SDK makes four attempts. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Works without a Temporal server; needs only its address for the links. */
export async function readFromEc2(source: ConfigSource, filter: ImageFilter): Promise<Read> {
  const { env } = source;
  const place = await temporalPlace(env);
  const { deployment, deploymentFrom, homeRegion } = await startOptionsOf(source, place.stack);
  const [{ Aws, scaledAwsSettings }, { readCatalogue }] = await Promise.all([
    import('../../aws/region-access.js'),
    import('../../aws/catalogue.js'),
  ]);
  const aws = new Aws(scaledAwsSettings(1, { requestTimeoutMs: REQUEST_TIMEOUT_MS }));
  const { compose, release, arch } = filter;
  const tags = {
    ...(compose === undefined || compose === LATEST ? {} : { [TAG.compose]: compose }),
    ...(release === undefined ? {} : { [TAG.release]: release }),
    ...(arch === undefined ? {} : { [TAG.arch]: arch }),
  };
  const configured = [homeRegion, env['AWS_REGION'], env['AWS_DEFAULT_REGION'], 'us-east-1'];
  const homes = [...new Set(configured.flatMap((regionName) => regionName || []))];
  try {
    const query = { deployment, homes, tags };
    const catalogue = await readCatalogue(aws, query, new AbortController().signal);
    const wanted = compose === LATEST ? ofLatest(catalogue.amis) : catalogue.amis;
    const { records, illegible } = recordsOfTags(wanted, deployment);
    const linkOf = (run: RunRef) =>
      place.uiUrl === undefined
        ? null
        : workflowUrl(place.uiUrl, { namespace: place.namespace, ...run });
    const exitCode = catalogue.unread.length === 0 ? EXIT.done : EXIT.unreachable;
    const where = `No AMI of deployment ${deployment} (${deploymentFrom}) is in this account. Name another configuration with --config.`;
    const notes = [...notesOf(catalogue, illegible), ...(records.length === 0 ? [where] : [])];
    return { records, linkOf, notes, exitCode };
  } catch (error) {
    throw await ec2Problem(error);
  } finally {
    aws.destroy();
  }
}

/** The AMIs of the compose with the youngest AMI. */
function ofLatest(amis: readonly TaggedAmi[]): TaggedAmi[] {
  const latest = amis.reduce<TaggedAmi | undefined>(
    (best, ami) => (best === undefined || ami.createdMs > best.createdMs ? ami : best),
    undefined,
  );
  const compose = latest?.tags[TAG.compose];
  return amis.filter(({ tags }) => tags[TAG.compose] === compose);
}

function notesOf({ unread, disabled }: Catalogue, illegible: readonly TaggedAmi[]): string[] {
  return [
    ...unread.map(
      ({ region, reason }) => `! ${region} did not answer, so its AMIs are missing here: ${reason}`,
    ),
    ...illegible.map(
      ({ ami, region }) => `! ${ami} in ${region} lacks the tags that name its image`,
    ),
    ...(disabled.length === 0
      ? []
      : [`Not read, because the account has not enabled them: ${disabled.join(', ')}`]),
  ];
}

/** Gives a silent network its own exit code; `problemOf` knows refused credentials and permissions. */
async function ec2Problem(error: unknown): Promise<unknown> {
  const { classifyAwsError, isPermissionRefusal } = await import('../../aws/errors.js');
  const failure = classifyAwsError(error);
  if (failure === undefined || failure.class === 'credentials' || isPermissionRefusal(failure)) {
    return error;
  }
  const isSilent = failure.class === 'unreachable' || failure.class === 'throttled';
  const next = isSilent
    ? 'Check the network and AWS_ENDPOINT_URL. Without EC2, --from temporal reads the histories.'
    : failure.next;
  return new CommandError(
    {
      what: `EC2 does not answer: ${failure.message}`,
      next,
      exitCode: isSilent ? EXIT.unreachable : EXIT.failed,
    },
    { cause: error },
  );
}
