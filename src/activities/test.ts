/** The test instance: launched from a newly registered AMI. The exit status of the script on it is the result. */

import { log } from '@temporalio/activity';
import { clientToken } from '../aws/client-token.js';
import { classifyAwsError } from '../aws/errors.js';
import { readConsole } from '../aws/console-output.js';
import { untilLost, waitUntilAgentOnline } from '../aws/ssm-agent.js';
import { ensureInstance, waitUntilRunning } from '../aws/instances.js';
import type { RegionAccess } from '../aws/region-access.js';
import { addTags } from '../aws/tags.js';
import type { ConsoleReport } from '../guest/console-report.js';
import { parseConsoleReport } from '../guest/console-report.js';
import { withArguments } from '../guest/guest-script.js';
import { wholeNumber } from '../guest/unit-report.js';
import { EC2_TEST_EXCEPTION, ServiceError } from '../model/errors.js';
import { printable, readableOutput } from '../model/printable.js';
import type { Heartbeat } from '../model/progress/heartbeat.js';
import type { TestRecord } from '../model/progress/test-record.js';
import { passedTags } from '../model/ids/evidence.js';
import { inRegion } from '../model/ids/own-tags.js';
import { originTags, stepKey, TAG } from '../model/ids/tags.js';
import { variantKey } from '../model/ids/variant.js';
import type { InstanceRef } from './shapes/image.js';
import type { LaunchTestInput, RunTestInput } from './shapes/test.js';
import type { ActivityContext } from './attempt/context.js';
import { isRepeat } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';
import { reportBoot } from './boot-report.js';
import { runOnceOnline, runUnit } from './guest-unit.js';
import { instanceInput } from './instance-input.js';
import { consoleFailure, unregistered } from './test-console.js';
import { consoleNonce, testUserData } from './test-user-data.js';

/** The end of a test's output is kept, up to this. */
const OUTPUT_BYTES_MAX = 32 * 1024;
/** In base64 this is below the 24,000 characters that SSM keeps of a command's output. */
const READ_BYTES_MAX = 16 * 1024;
/** What run-test.sh and the scripts around it call, but for what every system has. */
export const TEST_TOOLS = [
  ...['base64', 'date', 'flock', 'head', 'stat', 'systemctl', 'systemd-run', 'tail', 'timeout'],
];
/** Exit statuses of timeout(1) when the script ran too long: ended by TERM, or by KILL. */
const EXITS_TIMED_OUT = [124, 137];

export function launchTestInstance(
  { aws }: ActivityContext,
  input: LaunchTestInput,
): Promise<InstanceRef> {
  const { ami, test, generation } = input;
  const origin = inRegion(input.origin, input.regionName);
  const ec2 = aws.region(input.regionName);
  const variant = variantKey(ami.variant);
  const own = { [TAG.variant]: variant, 'fedimg:generation': String(generation) };
  return heartbeating(waitingFor('test instance'), async (_report, signal) => {
    const instanceId = await ensureInstance(
      ec2,
      {
        key: { ...stepKey(origin, 'test'), ...own },
        tags: { ...originTags(origin, 'test', `fedimg test: ${ami.name}`), ...own },
        mayExist: isRepeat(),
        placements: typesFor(input).map((instanceType) => ({ instanceType })),
        token: ({ instanceType }) =>
          clientToken(origin.workflowId, origin.runId, 'test', variant, generation, instanceType),
        input: {
          // The image under test is not trusted: no role but the one for SSM, and no ingress.
          ...instanceInput(test, testUserData(input)),
          ImageId: ami.ami,
        },
      },
      signal,
    );
    await waitUntilRunning(ec2, { instanceId }, signal);
    return { regionName: input.regionName, instanceId };
  });
}

function typesFor({ test, ami }: LaunchTestInput): readonly string[] {
  return ami.variant.virt === 'paravirtual'
    ? (test.paravirtualInstanceTypes ?? test.instanceTypes)
    : test.instanceTypes;
}

const TESTING = { version: 1, kind: 'write', phase: 'test', bytes: 0, totalBytes: 0 } as const;

export function runTest({ aws }: ActivityContext, input: RunTestInput): Promise<TestRecord> {
  const { instance, ami, test } = input;
  const ec2 = aws.region(instance.regionName);
  return heartbeating(TESTING, async (report, signal) => {
    const transport = test.transport === 'console' ? 'console' : 'ssm';
    const result =
      transport === 'ssm'
        ? await testOverSsm(ec2, input, report, signal)
        : await testOverConsole(ec2, input, signal);
    const record: TestRecord = {
      variant: variantKey(ami.variant),
      ami: ami.ami,
      instanceId: instance.instanceId,
      exitStatus: result.exitStatus,
      seconds: result.seconds,
      transport,
      // Cut after escaping, which may make eight characters of one: history has a limit.
      output: readableOutput(result.output).slice(-OUTPUT_BYTES_MAX),
    };
    if (record.exitStatus !== 0) throw testFailed(input, record);
    await noteEvidence(ec2, ami, record, signal);
    return record;
  });
}

/** Without the tags the image is published all the same, but a region that is left out cannot be added later. */
async function noteEvidence(
  ec2: RegionAccess,
  { ami, snapshot }: RunTestInput['ami'],
  record: TestRecord,
  signal: AbortSignal,
): Promise<void> {
  try {
    await addTags(ec2, [ami, snapshot], passedTags(record), signal);
  } catch (error) {
    const failure = classifyAwsError(error);
    if (failure?.class !== 'refused') throw error;
    log.warn('the passed test could not be noted on its AMI and snapshot', {
      region: ec2.name,
      reason: failure.message,
      next: failure.next,
    });
  }
}

async function testOverSsm(
  ec2: RegionAccess,
  { instance, ami, test, attempt }: RunTestInput,
  report: (beat: Heartbeat) => void,
  signal: AbortSignal,
): Promise<ConsoleReport> {
  const { instanceId } = instance;
  const boot = reportBoot(ec2, { instanceId, attempt }, report);
  await waitUntilAgentOnline(ec2, instanceId, signal, (console, isLast) => {
    boot.show(console);
    const failure = consoleFailure({ instance, ami }, console);
    return failure ?? (isLast ? unregistered(instance, console) : undefined);
  });
  report(TESTING);
  const name = `fedimg-test-${ami.ami}`;
  const script = Buffer.from(test.script).toString('base64');
  const values = await runUnit(
    ec2,
    {
      instanceId: instance.instanceId,
      name,
      program: 'run-test',
      args: [script, test.timeoutSeconds],
      tools: TEST_TOOLS,
      errorType: EC2_TEST_EXCEPTION,
    },
    report,
    signal,
  );
  const exitStatus = wholeNumber(values.get('exit'));
  const seconds = wholeNumber(values.get('seconds'));
  if (exitStatus === undefined || seconds === undefined) {
    throw new TypeError('the test ended without an exit status');
  }
  const bytes = Math.min(wholeNumber(values.get('output_bytes')) ?? 0, OUTPUT_BYTES_MAX);
  return {
    exitStatus,
    seconds,
    output: await readOutput(ec2, instance, { name, bytes }, signal),
  };
}

async function readOutput(
  ec2: RegionAccess,
  instance: InstanceRef,
  { name, bytes }: { readonly name: string; readonly bytes: number },
  signal: AbortSignal,
): Promise<string> {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < bytes; offset += READ_BYTES_MAX) {
    const script = withArguments('read-output', [name, offset, READ_BYTES_MAX]);
    const command = { script, comment: `read the output of ${name}` };
    const { stdout } = await runOnceOnline(ec2, instance, command, signal);
    parts.push(Buffer.from(stdout, 'base64'));
  }
  return Buffer.concat(parts).toString('utf8');
}

/** For images without network: reads the result from the console, which EC2 refreshes now and then. */
function testOverConsole(
  ec2: RegionAccess,
  { instance, ami, test, origin }: RunTestInput,
  signal: AbortSignal,
): Promise<ConsoleReport> {
  const nonce = consoleNonce(origin, ami);
  const boundMs = ec2.settings.agentPatienceMs + test.timeoutSeconds * 1000;
  const beginMs = ec2.clock.elapsed();
  return untilLost(ec2, instance.instanceId, signal, async (untilEither) => {
    for (;;) {
      const text = await readConsole(ec2, instance.instanceId, untilEither);
      const result = parseConsoleReport(text, nonce);
      if (result !== undefined) return result;
      const failure = consoleFailure(input(), text);
      if (failure !== undefined) throw failure;
      if (ec2.clock.elapsed() - beginMs > boundMs) throw silent(input(), text);
      await ec2.clock.delay(ec2.settings.pollIntervalMs, untilEither);
    }
  });
  function input(): Pick<RunTestInput, 'ami' | 'instance'> {
    return { ami, instance };
  }
}

function testFailed({ ami, instance, test }: RunTestInput, record: TestRecord): ServiceError {
  // The script itself may exit with one of these, so the duration decides.
  const timedOut =
    EXITS_TIMED_OUT.includes(record.exitStatus) && record.seconds >= test.timeoutSeconds;
  const what = timedOut ? 'ran into its time-out' : `exited with status ${record.exitStatus}`;
  return new ServiceError(
    EC2_TEST_EXCEPTION,
    `the test of ${ami.ami} (${record.variant}) ${what} after ${record.seconds} s`,
    {
      code: timedOut ? 'test-timed-out' : 'test-failed',
      class: 'refused',
      next: 'Read the output of the test. Correct the image and publish the new one; the AMIs of this one are private.',
      region: instance.regionName,
      resource: instance.instanceId,
      output: record.output,
      exitStatus: record.exitStatus,
    },
  );
}

function silent(
  { ami, instance }: Pick<RunTestInput, 'ami' | 'instance'>,
  console: string,
): ServiceError {
  return new ServiceError(
    EC2_TEST_EXCEPTION,
    `${instance.instanceId} from ${ami.ami} printed no test result on its console`,
    {
      code: 'test-silent',
      class: 'refused',
      next: 'Read the end of the console, then check that the image boots and that it has cloud-init.',
      region: instance.regionName,
      resource: instance.instanceId,
      output: printable(console.slice(-OUTPUT_BYTES_MAX)),
    },
  );
}
