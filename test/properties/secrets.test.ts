import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import fc from 'fast-check';
import pino from 'pino';
import { toFailure } from '../../src/activities/attempt/interceptor.js';
import { ClientError } from '../../src/client/errors.js';
import { failureReport } from '../../src/client/failure-report.js';
import { logOptions } from '../../src/commands/shared/log.js';
import { problemOf, renderProblem } from '../../src/commands/shared/problem.js';
import { createUrlPolicy } from '../../src/fetch/url-policy.js';
import { parseComposeMessage } from '../../src/model/compose/compose-message.js';
import { readableOutput } from '../../src/model/printable.js';
import { redacted } from '../../src/model/redact.js';

/** Texts as AWS, image servers and brokers return them, with a secret of the request in each. */
const FORMS: readonly ((secret: string) => string)[] = [
  (secret) => `not a valid key=value pair in Authorization header: 'AWS4-HMAC-SHA256 ${secret}'.`,
  (secret) => `Authorization: AWS4-HMAC-SHA256 Credential=AKIA/x, Signature=${secret}`,
  (secret) => `AWS4-HMAC-SHA256 Credential=${secret}, SignedHeaders=host, Signature=0a`,
  (secret) => `should have been 'POST\n/\n\nhost:ec2\nx-amz-security-token:${secret}\n'`,
  (secret) => `<Credentials><SessionToken>${secret}</SessionToken></Credentials>`,
  (secret) => `{"SecretAccessKey": "${secret}", "region": "us-east-1"}`,
  (secret) => `aws_secret_access_key=${secret}`,
  (secret) => `https://h.example/a.raw.xz?X-Amz-Signature=${secret}&X-Amz-Expires=60`,
  (secret) => `https://h.example/a.raw.xz?anything=${encodeURIComponent(secret)}`,
  (secret) => `amqps://fedimg:${encodeURIComponent(secret)}@broker.example:5671/%2F refused`,
  (secret) => `GET /a?X-Amz-Security-Token=${secret} HTTP/1.1`,
  (secret) => `to=${encodeURIComponent(`https://h.example/a?X-Amz-Signature=${secret}`)}`,
  (secret) => `authorization: Bearer ${secret}`,
];

const SECRET = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9/+]{22,62}[A-Za-z0-9]$/);

/** Also quoted in JSON once or twice, as errors of libraries quote an answer. */
const TEXT = fc
  .tuple(SECRET, fc.constantFrom(...FORMS), fc.nat({ max: 2 }))
  .map(([secret, form, quotes]) => {
    let text = form(secret);
    for (let left = quotes; left > 0; left -= 1) text = JSON.stringify(text);
    return { secret, text };
  });

function awsError(message: string, name = 'IncompleteSignature'): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 } });
}

function loggedLine(error: Error): string {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  pino(logOptions('info'), stream).error({ err: error, reason: error.message }, error.message);
  const line = lines.join('');
  assert.doesNotThrow(() => JSON.parse(line) as unknown, line);
  return line;
}

/** Everything that a text from outside gets into, by the way that it takes there. */
const WAYS: Readonly<Record<string, (text: string) => string>> = {
  text: redacted,
  'history and its causes': (text) => {
    const failure = toFailure(awsError(text, 'AuthFailure'));
    return JSON.stringify(
      defaultFailureConverter.errorToFailure(failure, defaultPayloadConverter),
      (_key, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString() : value,
    );
  },
  'history of an unknown error': (text) => {
    const failure = toFailure(new TypeError('it broke', { cause: new Error(text) }));
    return JSON.stringify(defaultFailureConverter.errorToFailure(failure, defaultPayloadConverter));
  },
  'the status of an older failure': (text) => JSON.stringify(failureReport(new Error(text))),
  'the command line': (text) => {
    const error = new ClientError('refused', text, text, new Error(text));
    return renderProblem(problemOf(error), { error, verbose: true });
  },
  'the command line, of AWS': (text) => {
    const error = awsError(text);
    return renderProblem(problemOf(error), { error, verbose: true });
  },
  'the log': (text) => loggedLine(new Error(text, { cause: new Error(text) })),
  'a refused URL': (text) => {
    try {
      createUrlPolicy({ allow: ['https://other.example/'] }).check(text);
    } catch (error) {
      return `${(error as Error).message} ${(error as { next?: string }).next}`;
    }
    return '';
  },
  'a message of the broker': (text) =>
    JSON.stringify(parseComposeMessage({ compose_id: text, status: text, location: text })),
  'the output of a test': readableOutput,
};

describe('a secret of a request', () => {
  for (const [name, way] of Object.entries(WAYS)) {
    it(`does not reach ${name}`, () => {
      fc.assert(
        fc.property(TEXT, ({ secret, text }) => {
          const shown = way(text);
          for (const form of [secret, encodeURIComponent(secret), secret.slice(0, 16)]) {
            assert(!shown.includes(form), `${JSON.stringify(text)} gives ${shown}`);
          }
        }),
        { numRuns: 60 },
      );
    });
  }
});
