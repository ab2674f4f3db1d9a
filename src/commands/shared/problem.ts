/** One readable error: what happened, why, what to do next, and the exit code that goes with it. */

import { inspect } from 'node:util';
import type { ClientErrorKind } from '../../client/errors.js';
import type { FailureReport } from '../../client/failure-report.js';
import { classifyAwsError, isPermissionRefusal } from '../../aws/errors.js';
import type { ServiceError } from '../../model/errors.js';
import {
  CONFIGURATION_ERROR,
  isConfigurationCode,
  isServiceErrorType,
} from '../../model/errors.js';
import { printable } from '../../model/printable.js';
import { redacted } from '../../model/redact.js';
import { EXIT, type ExitCode } from './exit-codes.js';

export interface Problem {
  readonly what: string;
  readonly why?: string | undefined;
  readonly next?: string | undefined;
  readonly exitCode: ExitCode;
  /** For scripts; by default that of the exit code. */
  readonly type?: string | undefined;
  readonly region?: string | undefined;
}

/** An error with `-o json` or `jsonl`: every key is there, null where it does not apply. */
export interface ErrorObject {
  readonly type: string;
  readonly message: string;
  /** The step of a publication; null for an error of the command itself. */
  readonly step: string | null;
  readonly region: string | null;
  readonly reason: string | null;
  readonly next: string | null;
  readonly exitCode: ExitCode;
}

const TYPE_BY_EXIT: Readonly<Partial<Record<ExitCode, string>>> = {
  [EXIT.usage]: 'UsageError',
  [EXIT.credentials]: 'CredentialsError',
  [EXIT.unreachable]: 'UnreachableError',
  [EXIT.notFound]: 'NotFoundError',
};

/** An error that a command throws with its own problem; `problemOf` describes all other errors. */
export class CommandError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.what, options);
    this.name = 'CommandError';
    this.problem = problem;
  }
}

export function usageError(what: string, next?: string): CommandError {
  return new CommandError({ what, next, exitCode: EXIT.usage });
}

const EXIT_BY_KIND: Record<ClientErrorKind, ExitCode> = {
  configuration: EXIT.usage,
  conflict: EXIT.failed,
  credentials: EXIT.credentials,
  'not-found': EXIT.notFound,
  refused: EXIT.failed,
  unreachable: EXIT.unreachable,
};

const TYPE_BY_KIND: Partial<Record<ClientErrorKind, string>> = {
  configuration: CONFIGURATION_ERROR,
  conflict: 'ConflictError',
  refused: 'RefusedError',
};

const EXIT_BY_NAME: Readonly<Record<string, ExitCode>> = {
  ConfigError: EXIT.usage,
  MissingToolsError: EXIT.failed,
  ProxyError: EXIT.unreachable,
  MetricsAddressError: EXIT.usage,
  WorkerVersionError: EXIT.usage,
  NotifyError: EXIT.failed,
  PayloadCodecError: EXIT.usage,
  TemporalSettingsError: EXIT.usage,
  TemporalServerNotFoundError: EXIT.unreachable,
};

const AWS_CREDENTIALS =
  'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or use a role. To try fedimg without an account, run `fedimg dev` in a shell without TEMPORAL_ADDRESS.';

/** Any error as a problem without secrets; an unexpected error keeps its message and gets exit code 1. */
export function problemOf(error: unknown): Problem {
  const { what, why, next, exitCode, type, region } = described(error);
  return {
    ...(type === undefined ? {} : { type }),
    ...(region === undefined ? {} : { region }),
    what: redacted(what),
    ...(why === undefined ? {} : { why: redacted(why) }),
    ...(next === undefined ? {} : { next: redacted(next) }),
    exitCode,
  };
}

function described(error: unknown): Problem {
  if (error instanceof CommandError) return error.problem;
  if (!(error instanceof Error)) return { what: inspect(error), exitCode: EXIT.failed };
  // By name, because loading the modules of the classes would slow the start.
  if (error.name === 'ClientError') {
    const { kind, next } = error as Error & { kind: ClientErrorKind; next: string };
    return { what: error.message, next, exitCode: EXIT_BY_KIND[kind], type: TYPE_BY_KIND[kind] };
  }
  if (error.name === 'ConfigError') {
    return {
      what: `the configuration cannot be used\n${error.message}`,
      exitCode: EXIT.usage,
      type: CONFIGURATION_ERROR,
    };
  }
  if (isServiceErrorType(error.name)) return serviceProblem(error as ServiceError);
  const refused = credentialsProblem(error);
  if (refused !== undefined) return refused;
  const exitCode = EXIT_BY_NAME[error.name];
  if (exitCode !== undefined) {
    const { next } = error as Error & { next?: string };
    return { what: error.message, next, exitCode };
  }
  return { what: error.message, why: causeOf(error), exitCode: EXIT.failed };
}

/** What a plan refuses. */
function serviceProblem({ name, message, details }: ServiceError): Problem {
  const { code, next, region } = details;
  const isConfigured = isConfigurationCode(code);
  const exitCode = isConfigured ? EXIT.usage : EXIT.failed;
  return { what: message, next, exitCode, region, type: isConfigured ? CONFIGURATION_ERROR : name };
}

/** AWS or the SDK refuses the credentials, or they lack a permission; undefined for any other error. */
function credentialsProblem(error: Error): Problem | undefined {
  const exitCode = EXIT.credentials;
  if (error.name === 'CredentialsProviderError') {
    return { what: `no AWS credentials: ${error.message}`, next: AWS_CREDENTIALS, exitCode };
  }
  const failure = classifyAwsError(error);
  if (failure === undefined) return undefined;
  const { message, next } = failure;
  if (failure.class === 'credentials') {
    return { what: `AWS refuses the credentials: ${message}`, next, exitCode };
  }
  return isPermissionRefusal(failure)
    ? { what: `the credentials lack a permission: ${message}`, next, exitCode }
    : undefined;
}

/** For stderr of a command with `-o json`: one line, so that a script finds it behind the notes. */
export function problemJson({ what, why, next, exitCode, type, region }: Problem): string {
  const error: ErrorObject = {
    type: type ?? TYPE_BY_EXIT[exitCode] ?? 'Error',
    message: what,
    step: null,
    region: region ?? null,
    reason: why ?? null,
    next: next ?? null,
    exitCode,
  };
  return JSON.stringify(error);
}

/** The failure of a run that a command has waited for, in the same form; the reason is its stable code. */
export function failureJson(failure: FailureReport, exitCode: ExitCode): string {
  const { type, message, step, region, code, next } = failure;
  const error: ErrorObject = {
    ...{ type, message, step: step ?? null, region: region ?? null },
    ...{ reason: code ?? null, next: next ?? null, exitCode },
  };
  return JSON.stringify(error);
}

/** For stderr: a few lines, and the stack only with `verbose`. */
export function renderProblem(
  problem: Problem,
  options: { readonly error?: unknown; readonly verbose: boolean },
): string {
  const lines = [`fedimg: ${problem.what}`];
  if (problem.why !== undefined) lines.push(`  why:  ${problem.why}`);
  if (problem.next !== undefined) lines.push(`  next: ${problem.next}`);
  if (options.verbose && options.error instanceof Error)
    lines.push(redacted(inspect(options.error)));
  // Escape control characters: messages quote ids, URLs and answers of servers.
  return printable(lines.join('\n'));
}

function causeOf(error: Error): string | undefined {
  const cause = error.cause;
  return cause instanceof Error && !error.message.includes(cause.message)
    ? cause.message
    : undefined;
}
