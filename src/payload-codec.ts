/** The operator's payload codec: a module that encodes what Temporal stores, loaded the same way by worker and client. */

import { pathToFileURL } from 'node:url';
import type { Payload, PayloadCodec, ProtoFailure } from '@temporalio/common';
import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import {
  decode,
  decodeFailure,
} from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';

/** `temporal.codec` names a module that cannot be used. */
export class PayloadCodecError extends Error {
  readonly next =
    'temporal.codec names a JavaScript module whose default export is an object with encode and decode, or a list of such objects; docs/temporal.md has an example.';

  constructor(file: string, reason: string, cause?: unknown) {
    super(`the payload codec ${file} cannot be used: ${reason}`, { cause });
    this.name = 'PayloadCodecError';
  }
}

/** The codecs of the module, in the order in which they encode. Throws a `PayloadCodecError`. */
export async function loadPayloadCodecs(file: string | undefined): Promise<PayloadCodec[]> {
  if (file === undefined) return [];
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as typeof module;
  } catch (error) {
    throw new PayloadCodecError(
      file,
      error instanceof Error ? error.message : String(error),
      error,
    );
  }
  const codecs: unknown[] = [module.default].flat();
  if (codecs.length > 0 && codecs.every(isCodec)) return codecs;
  throw new PayloadCodecError(file, 'its default export has no encode and decode');
}

function isCodec(value: unknown): value is PayloadCodec {
  if (typeof value !== 'object' || value === null) return false;
  const { encode, decode } = value as Partial<PayloadCodec>;
  return typeof encode === 'function' && typeof decode === 'function';
}

/** Reads what Temporal's raw answers contain: histories, heartbeats and failures. */
export class PayloadReader {
  readonly #codecs: PayloadCodec[];

  constructor(codecs: PayloadCodec[]) {
    this.#codecs = codecs;
  }

  /** The first value; undefined when there is none. Rejects for a value of another codec. */
  async first<T>(
    raw: { readonly payloads?: unknown[] | null } | null | undefined,
  ): Promise<T | undefined> {
    const [payload] = (raw?.payloads ?? []) as Payload[];
    if (payload === undefined) return undefined;
    const [decoded] = await decode(this.#codecs, [payload]);
    return decoded === undefined ? undefined : defaultPayloadConverter.fromPayload<T>(decoded);
  }

  async error(failure: ProtoFailure): Promise<Error> {
    const decoded = await decodeFailure(this.#codecs, failure);
    return defaultFailureConverter.failureToError(decoded, defaultPayloadConverter);
  }
}
