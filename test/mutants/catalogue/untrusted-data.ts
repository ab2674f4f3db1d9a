/** A secret gets out, untrusted bytes get in, or an origin is lost. */

import type { Mutant } from '../mutant.js';
import { REPEATABLE, SECRETS } from './test-files.js';

export const SILENCE: readonly Mutant[] = [
  {
    name: 'history takes a test whose output grows as it is escaped',
    invariant: 'I13',
    file: 'src/activities/test.ts',
    find: 'output: readableOutput(result.output).slice(-OUTPUT_BYTES_MAX),',
    replace: 'output: readableOutput(result.output),',
    tests: ['test/incidents/test-instance.test.ts'],
  },
  {
    name: 'where a signed redirect leads to is frozen in history',
    invariant: 'I13',
    file: 'src/activities/plan/plan.ts',
    find: "downloadUrl: new URL(size.url).search === '' ? size.url : image.url,",
    replace: 'downloadUrl: size.url,',
    tests: ['test/incidents/signed-redirect.test.ts'],
  },
  {
    name: 'a signed query stands in the error of a download',
    invariant: 'I13',
    file: 'src/model/redact.ts',
    find: '${target.slice(0, query)}?${REDACTED}${target.slice(end)}',
    replace: '${target}${target.slice(end)}',
    tests: [SECRETS],
  },
  {
    name: 'an answer of AWS that quotes the request is stored as the cause of a failure',
    invariant: 'I13',
    file: 'src/activities/attempt/interceptor.ts',
    find: '{ cause: redactedError(error) }',
    replace: '{ cause: error }',
    tests: [SECRETS],
  },
  {
    name: 'the log of a worker has the token of a refused request',
    invariant: 'I13',
    file: 'src/commands/shared/log.ts',
    find: 'hooks: { streamWrite: redacted },',
    replace: 'hooks: { streamWrite: (line) => line || redacted(line) },',
    tests: [SECRETS],
  },
];

export const DATA: readonly Mutant[] = [
  {
    name: 'an argument of a guest script is quoted carelessly',
    invariant: 'I14',
    file: 'src/guest/guest-script.ts',
    find: "  return `'${value.replaceAll(\"'\", `'\\\\''`)}'`;",
    replace: "  return `'${value}'`;",
    tests: ['test/guest/guest.test.ts'],
  },
  {
    name: 'control characters of a test reach the terminal',
    invariant: 'I14',
    file: 'src/activities/test.ts',
    find: 'output: readableOutput(result.output).slice(-OUTPUT_BYTES_MAX),',
    replace: 'output: result.output.slice(-OUTPUT_BYTES_MAX),',
    tests: ['test/incidents/test-instance.test.ts'],
  },
];

export const PROVENANCE: readonly Mutant[] = [
  {
    name: 'an AMI does not say which bytes it holds',
    invariant: 'I15',
    file: 'src/model/ids/tags.ts',
    find: `    [TAG.variant]: variantKey(options.variant),
    [TAG.rawSha256]: options.rawSha256,`,
    replace: '    [TAG.variant]: variantKey(options.variant),',
    tests: [REPEATABLE],
  },
  {
    name: 'a call does not say who made it',
    invariant: 'I15',
    file: 'src/aws/call-gate.ts',
    find: '          if (sender !== undefined) {',
    replace: '          if (sender === undefined) {',
    tests: ['test/activities/attempt/fence.test.ts'],
  },
];
