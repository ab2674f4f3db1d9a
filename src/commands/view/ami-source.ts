/** Where the records of AMIs come from: the histories in Temporal, or the tags of the AMIs in EC2. */

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
  /** All of the images that the filter selects, in all regions. */
  readonly records: readonly AmiRecord[];
  readonly linkOf: (run: RunRef) => string | null;
  /** What the answer lacks, for stderr. */
  readonly notes: readonly string[];
  /** Of an answer that is not whole. */
  readonly exitCode: ExitCode;
}

export async function readFromTemporal(env: NodeJS.ProcessEnv, filter: ImageFilter): Promise<Read> {
  try {
    return await withSession(env, async ({ session }) => {
      const compose = await composeOf(session, filter.compose);
      const records = await recordsFromHistories(session, { ...filter, ...compose });
      const linkOf = (run: RunRef) => linkTo(session, run);
      return { records, linkOf, notes: [], exitCode: EXIT.done };
    });
  } catch (error) {
    if (!(error instanceof ClientError) || error.kind !== 'unreachable') throw error;
    const next = `${error.next} The AMIs themselves answer without it: --from ec2.`;
    throw new ClientError(error.kind, error.message, next, error);
  }
}

/** `@latest` may be an image that was published by hand. */
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

/** One region that is far away and busy; four attempts of this are waited out. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Needs no Temporal server: only where its pages would be. */
export async function readFromEc2(
  env: NodeJS.ProcessEnv,
  filter: ImageFilter,
  config: string | undefined,
): Promise<Read> {
  const place = await temporalPlace(env);
  const { deployment, homeRegion } = await startOptionsOf({ config, env }, place.stack);
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
    return { records, linkOf, notes: notesOf(catalogue, illegible), exitCode };
  } catch (error) {
    throw await ec2Problem(error);
  } finally {
    aws.destroy();
  }
}

/** Those of the compose that has the youngest AMI. */
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
      ({ region, reason }) => `! ${region} gave no answer, its AMIs are missing here: ${reason}`,
    ),
    ...illegible.map(
      ({ ami, region }) => `! ${ami} in ${region} lacks tags that say of which image it is`,
    ),
    ...(disabled.length === 0
      ? []
      : [`Not looked into, as they are not enabled in the account: ${disabled.join(', ')}`]),
  ];
}

/** Refused credentials and a silent network have exit codes of their own. */
async function ec2Problem(error: unknown): Promise<unknown> {
  const { classifyAwsError } = await import('../../aws/errors.js');
  const failure = classifyAwsError(error);
  if (failure === undefined || failure.code === 'CredentialsProviderError') return error;
  const isCredentials = CREDENTIAL_CODES.includes(failure.code);
  const isSilent = failure.class === 'unreachable' || failure.class === 'throttled';
  const exitCode = isCredentials ? EXIT.credentials : isSilent ? EXIT.unreachable : EXIT.failed;
  const next =
    isSilent && !isCredentials
      ? 'Is the network there, and AWS_ENDPOINT_URL right? Temporal answers without EC2: --from temporal.'
      : 'Check the credentials of this command: it needs ec2:DescribeRegions and ec2:DescribeImages.';
  return new CommandError(
    { what: `EC2 does not answer: ${failure.message}`, next, exitCode },
    { cause: error },
  );
}

const CREDENTIAL_CODES = [
  'AuthFailure',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
  'ExpiredToken',
  'RequestExpired',
  'UnauthorizedOperation',
];
