/** Runs one script in a guest as the SSM agent does: its environment, its limits, its output. */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';

import type { Clock } from '../clock.js';
import { adaptScript } from './script-text.js';
import type { GuestFolder } from './guest-folder.js';
import type { GuestMode } from './guest-mode-name.js';
import { killGroup, type Guest } from './guest.js';
import type { CommandRequest, CommandResult, MachineSpec } from './machine.js';

/** The agent reports at most 24,000 and 8,000 characters; more is kept, so that the cut is seen. */
const keptCharacters = 64 * 1024;
/** appconfig.CommandStoppedPreemptivelyExitCode of the agent: killed at its time-out or by a cancel. */
const stoppedExitCode = 137;

const guestEndsWithinMs = 150;

export interface ScriptPlace {
  readonly clock: Clock;
  readonly spec: MachineSpec;
  readonly folder: GuestFolder;
  readonly mode: GuestMode;
  readonly guest: Guest;
}

/**
 * What `env` prints in AWS-RunShellScript (aws/amazon-ssm-agent#427). HOME, USER and SHELL are unset: the
 * agent is a system service, and passes its own environment on.
 */
export function agentEnvironment(place: ScriptPlace, commandId: string): Record<string, string> {
  const amazon = place.spec.os === 'amazon-linux-2023';
  return {
    PATH: place.folder.path,
    LANG: amazon ? 'en_US.UTF-8' : 'C.UTF-8',
    AWS_SSM_INSTANCE_ID: place.spec.instanceId,
    AWS_SSM_REGION_NAME: place.spec.region,
    AWS_SSM_PLATFORM_NAME: amazon ? 'Amazon Linux' : 'Linux',
    AWS_SSM_PLATFORM_VERSION: amazon ? '2023' : '1',
    SSM_COMMAND_ID: commandId,
    ...shimEnvironment(place),
  };
}

/** Without namespaces, HOME and TMPDIR keep a script in its machine's folder. */
export function shimEnvironment(place: ScriptPlace): Record<string, string> {
  const { directory } = place.folder;
  return place.mode === 'shims' ? { HOME: `${directory}/root`, TMPDIR: `${directory}/tmp` } : {};
}

/** Words that run the script which comes on standard input. */
export function scriptWords(place: ScriptPlace, directory: string, script: string): string[] {
  const shell = place.spec.os === 'amazon-linux-2023' ? 'bash' : 'sh';
  const own = place.mode === 'shims' ? place.folder.directory : '';
  return ['bash', `${place.folder.guestTools}/exec.sh`, directory, `${own}${script}`, shell];
}

export async function runScript(
  place: ScriptPlace,
  commandId: string,
  command: CommandRequest,
): Promise<CommandResult> {
  const child = startScript(place, commandId, command);
  const stdout = keep(child.stdout);
  const stderr = keep(child.stderr);
  const end = await endOf(child, place, command);
  if (end.exitCode === 125 && stderr() === 'local-cloud: no such directory\n') {
    const message = 'failed to run commands: fork/exec /usr/bin/sh: no such file or directory';
    return { outcome: 'exited', exitCode: 1, stdout: '', stderr: message };
  }
  const errors = [stderr(), end.note].filter((text) => text !== '').join('\n');
  return { outcome: end.outcome, exitCode: end.exitCode, stdout: stdout(), stderr: errors };
}

function startScript(
  place: ScriptPlace,
  commandId: string,
  command: CommandRequest,
): ChildProcessWithoutNullStreams {
  const { spec, mode, folder } = place;
  const orchestration = `/var/lib/amazon/ssm/${spec.instanceId}/document/orchestration/${commandId}`;
  const script = `${orchestration}/awsrunShellScript/0.awsrunShellScript/_script.sh`;
  const asked = command.workingDirectory ?? '';
  // A relative directory is looked for among the downloads, then the agent's own is taken (runscript.go).
  const wanted = asked.startsWith('/') ? adaptScript(asked, mode, folder.directory) : '';
  const fallback = mode === 'shims' ? `${folder.directory}/tmp` : '/usr/bin';
  const child = place.guest.spawn(
    scriptWords(place, wanted === '' ? fallback : wanted, script),
    agentEnvironment(place, commandId),
  );
  child.stdin.end(`${adaptScript(command.script, mode, folder.directory)}\n`);
  return child;
}

interface ScriptEnd {
  readonly outcome: CommandResult['outcome'];
  readonly exitCode: number;
  /** What the agent adds to the standard error. */
  readonly note: string;
}

/** The script's own end, its time-out, a cancel or the guest's end: the first that comes. */
function endOf(
  child: ChildProcessWithoutNullStreams,
  place: ScriptPlace,
  { signal, timeoutSeconds }: CommandRequest,
): Promise<ScriptEnd> {
  const stop = (outcome: ScriptEnd['outcome']): ScriptEnd => {
    killGroup(child);
    return { outcome, exitCode: stoppedExitCode, note: '' };
  };
  const gone: ScriptEnd = { outcome: 'instance-gone', exitCode: -1, note: '' };
  return new Promise((resolve) => {
    const settle = (end: ScriptEnd): void => {
      cancelTimeout();
      signal.removeEventListener('abort', onAbort);
      resolve(end);
    };
    const onAbort = (): void => settle(stop('cancelled'));
    const cancelTimeout = place.clock.schedule(timeoutSeconds * 1000, () => {
      settle(stop('timed-out'));
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
    void place.guest.ended.then(() => settle(gone));
    child.on('error', ({ message }) => {
      settle({ outcome: 'exited', exitCode: 1, note: `failed to run commands: ${message}` });
    });
    // `close`, not `exit`: the agent waits until the output is closed, so a background process that
    // keeps it open keeps the command in progress (golang/go#13155, executers.go).
    child.on('close', (code, killedBy) => {
      if (place.guest.isStopping()) return settle(gone);
      if (killedBy === null) {
        return settle({ outcome: 'exited', exitCode: code ?? 1, note: note(code ?? 1) });
      }
      // Killed by a process of the guest, or with the whole guest, which is then seen to end at once.
      setTimeout(() => {
        const text = `failed to run commands: signal: ${nameOf(killedBy)}`;
        settle({ outcome: 'exited', exitCode: -1, note: text });
      }, guestEndsWithinMs);
    });
  });
}

/** The agent adds why a script failed to its standard error; not for 194, which asks for a restart. */
function note(code: number): string {
  return code === 0 || code === 194 || code === stoppedExitCode
    ? ''
    : `failed to run commands: exit status ${code}`;
}

function nameOf(signal: NodeJS.Signals): string {
  const names: Partial<Record<NodeJS.Signals, string>> = {
    SIGKILL: 'killed',
    SIGTERM: 'terminated',
    SIGSEGV: 'segmentation fault',
  };
  return names[signal] ?? signal;
}

/** Reads all, keeps the beginning. */
function keep(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (text.length < keptCharacters) text = (text + chunk).slice(0, keptCharacters);
  });
  stream.on('error', () => undefined);
  return () => text;
}
