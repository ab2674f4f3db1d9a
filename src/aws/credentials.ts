/** The credentials of one region's clients. After a refusal they are asked for anew: the SDK itself keeps a static key for ever. */

import type { EC2Client, EC2ClientConfig } from '@aws-sdk/client-ec2';
import type {
  AwsCredentialIdentity,
  AwsCredentialIdentityProvider,
  Pluggable,
} from '@smithy/types';
import type { CredentialSource } from './credential-source.js';
import { sourceOf } from './credential-source.js';
import { classifyAwsError } from './errors.js';

/** As the SDK does it: credentials that end within five minutes are replaced before they end. */
const RENEW_BEFORE_MS = 5 * 60_000;

export type AskForCredentials = () => Promise<AwsCredentialIdentity>;

export class RenewedCredentials {
  /** For the clients. Marked as memoized: otherwise each client would keep its first answer. */
  readonly provider: AwsCredentialIdentityProvider = Object.assign(() => this.#current(), {
    memoized: true,
  });
  readonly #ask: AskForCredentials;
  #known: AwsCredentialIdentity | undefined;
  #asked: Promise<AwsCredentialIdentity> | undefined;
  #source: CredentialSource = 'missing';

  constructor(ask: AskForCredentials) {
    this.#ask = ask;
  }

  /** What the clients sign with now; undefined before the first call. */
  get known(): AwsCredentialIdentity | undefined {
    return this.#known;
  }

  /** Of the last ones that were there: a source that fails now is the one to look at. */
  get source(): CredentialSource {
    return this.#source;
  }

  /** The next call asks for credentials anew, unless these have been replaced already. */
  refused(identity: AwsCredentialIdentity | undefined): void {
    if (identity === this.#known) this.#known = undefined;
  }

  async #current(): Promise<AwsCredentialIdentity> {
    const known = this.#known;
    if (known !== undefined && leftMs(known) > RENEW_BEFORE_MS) return known;
    this.#asked ??= this.#renew().finally(() => (this.#asked = undefined));
    try {
      return await this.#asked;
    } catch (error) {
      // STS may be down, and the old ones are still valid.
      if (known !== undefined && leftMs(known) > 0) return known;
      throw error;
    }
  }

  async #renew(): Promise<AwsCredentialIdentity> {
    try {
      const identity = await this.#ask();
      this.#known = identity;
      this.#source = sourceOf(identity);
      return identity;
    } catch (error) {
      throw unavailable(error);
    }
  }
}

function leftMs({ expiration }: AwsCredentialIdentity): number {
  return expiration === undefined ? Infinity : expiration.getTime() - Date.now();
}

/** One name for all of it: no source in the chain, or an STS, a metadata service or a program that fails. */
function unavailable(cause: unknown): Error {
  const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
  const isPlain = name === 'CredentialsProviderError' || name === 'Error';
  const error = new Error(isPlain ? message : `${name}: ${message}`, { cause });
  return Object.assign(error, { name: 'CredentialsProviderError' });
}

/** From credentials as a client's configuration has them; by default from the SDK's own chain. */
export function askFor(
  given: EC2ClientConfig['credentials'],
  clientConfig: () => EC2Client['config'],
): AskForCredentials {
  if (given === undefined) return defaultChain(clientConfig);
  return typeof given === 'function' ? () => given() : () => Promise.resolve(given);
}

/** The SDK's default chain, made anew for each question: it caches the shared files and its own answers. */
function defaultChain(clientConfig: () => EC2Client['config']): AskForCredentials {
  return () => {
    const config = clientConfig();
    const init = { ...config, parentClientConfig: config, ignoreCache: true };
    return config.credentialDefaultProvider(init)();
  };
}

/** Has the credentials asked for anew once AWS has refused them. */
export function renewalPlugin<I extends object, O extends object>(
  credentials: RenewedCredentials,
): Pluggable<I, O> {
  return {
    applyToStack: (stack) => {
      stack.add(
        (next) => async (args) => {
          const before = credentials.known;
          try {
            return await next(args);
          } catch (error) {
            if (classifyAwsError(error)?.class === 'credentials') {
              credentials.refused(before ?? credentials.known);
            }
            throw error;
          }
        },
        { step: 'initialize', priority: 'normal', name: 'credentialRenewal', override: true },
      );
    },
  };
}
