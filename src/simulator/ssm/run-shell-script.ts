/** The document AWS-RunShellScript: its parameters, and what makes them invalid. */

import { withoutArn } from '../partition.js';
import { CloudError } from '../errors.js';
import { validationError, type Members } from '../members.js';

export const runShellScript = {
  name: 'AWS-RunShellScript',
  version: '1',
  pluginName: 'aws:runShellScript',
} as const;

export interface ShellScriptParameters {
  readonly script: string;
  readonly workingDirectory: string | undefined;
  readonly executionTimeoutSeconds: number;
  /** As given, with the document's defaults left out. */
  readonly given: Readonly<Record<string, readonly string[]>>;
}

/** The document's own pattern: 1 to 172,800 seconds. */
const executionTimeoutPattern =
  /^(?:[1-9][0-9]{0,4}|1[0-6][0-9]{4}|17[0-1][0-9]{3}|172[0-7][0-9]{2}|172800)$/;
const executionTimeoutDefault = 3600;
/** SendCommand: MaxDocumentSizeExceeded, "the size limit of a document is 64 KB". */
const documentBytesMax = 64 * 1024;

function invalidParameters(message: string): CloudError {
  return new CloudError('InvalidParameters', message);
}

/** Fails with InvalidDocument, InvalidDocumentVersion as SendCommand does. */
export function checkDocument(name: string, version: string | undefined): void {
  const plain = withoutArn(name, 'ssm', 'document/');
  if (plain !== runShellScript.name) {
    throw new CloudError('InvalidDocument', `Document with name ${name} does not exist.`);
  }
  const known = [undefined, '$DEFAULT', '$LATEST', runShellScript.version];
  if (!known.includes(version)) {
    throw new CloudError(
      'InvalidDocumentVersion',
      `Document version ${version ?? ''} of ${plain} does not exist.`,
    );
  }
}

export function readShellScriptParameters(parameters: Members | undefined): ShellScriptParameters {
  const given: Record<string, string[]> = {};
  for (const name of parameters?.names() ?? []) {
    if (!['commands', 'workingDirectory', 'executionTimeout'].includes(name)) {
      throw invalidParameters(
        `Parameter "${name}" is not defined in the document ${runShellScript.name}.`,
      );
    }
    given[name] = parameters?.texts(name) ?? [];
  }
  const commands = given['commands'];
  if (commands === undefined || commands.length === 0) {
    throw invalidParameters('Parameter "commands" is required and has no value.');
  }
  const single = (name: string): string | undefined => {
    const values = given[name];
    if (values !== undefined && values.length !== 1) {
      throw invalidParameters(`Parameter "${name}" is of type String and takes exactly one value.`);
    }
    return values?.[0];
  };
  const timeout = single('executionTimeout');
  if (timeout !== undefined && !executionTimeoutPattern.test(timeout)) {
    throw invalidParameters(
      `Parameter "executionTimeout" has value '${timeout.slice(0, 40)}', which does not match its allowed pattern.`,
    );
  }
  const script = commands.join('\n');
  if (Buffer.byteLength(script) > documentBytesMax) {
    throw new CloudError('MaxDocumentSizeExceeded', 'The size limit of a document is 64 KB.');
  }
  if (script.includes('\0')) throw validationError('A command must not contain a null character.');
  const directory = single('workingDirectory');
  return {
    script,
    workingDirectory: directory === '' ? undefined : directory,
    executionTimeoutSeconds: timeout === undefined ? executionTimeoutDefault : Number(timeout),
    given,
  };
}
