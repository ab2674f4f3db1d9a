/** Reads from a test instance's console why no test can run on it. */

import { isAgentThere, parseAgentReport, pvGrubError } from '../guest/agent-report.js';
import { EC2_SERVICE_EXCEPTION, EC2_TEST_EXCEPTION, ServiceError } from '../model/errors.js';
import { printable } from '../model/printable.js';
import type { RunTestInput } from './shapes/test.js';

/** The last screens of a boot. */
const OUTPUT_CHARACTERS_MAX = 4_000;

const NEW_KEY =
  'AWS may sign with a new key: put the one of "Verifying the signature of SSM Agent" (Systems Manager user guide) into a file and name it in test.agent_key';

/** What to do about each end of `ssm-user-data.sh`; the console always remains. */
const NEXT: Readonly<Record<string, string>> = {
  'no-network':
    'Give the test instance a way to S3 and to the ssm endpoints on port 443 (test.subnet, test.security_group)',
  'no-curl': 'Add curl or the SSM agent to the image',
  'no-space': 'Give the image a larger root file system',
  'no-package': 'Look whether AWS has the SSM agent for this architecture in this region',
  'no-signature': 'Look whether AWS has the signature beside the package in this region',
  'no-package-tool': 'Add the SSM agent to the image',
  'no-gpg-tool':
    'Add gnupg2 to the image, or give the test instance a way to the repositories of the distribution',
  'bad-signature':
    'Do not install this package by hand. Report it to AWS Support if it happens again',
  'unknown-key': NEW_KEY,
  'expired-key': NEW_KEY,
  'install-refused': 'Read the end of the console for the reason of the package tool',
  'start-refused': 'Read the end of the console for the reason of systemd',
};

/** The failure that the console shows, or undefined: the test may still run. */
export function consoleFailure(
  { instance, ami }: Pick<RunTestInput, 'instance' | 'ami'>,
  console: string,
): ServiceError | undefined {
  const { instanceId } = instance;
  const failed = (code: string, message: string, next: string) =>
    new ServiceError(EC2_TEST_EXCEPTION, message, {
      ...{ code, class: 'refused', next },
      ...{ region: instance.regionName, resource: instanceId },
      output: printable(console.replaceAll('\r\n', '\n').slice(-OUTPUT_CHARACTERS_MAX)),
    });
  const grub = ami.variant.virt === 'paravirtual' ? pvGrubError(console) : undefined;
  if (grub !== undefined) {
    const next =
      'A paravirtual AMI needs /boot/grub/menu.lst and a kernel that runs as a Xen guest (EC2 user guide, "User provided kernels"). If the image is to have none, take paravirtual out of publish.virtualization_types.';
    return failed('pv-grub', `PV-GRUB found nothing to boot in ${ami.ami}: ${grub}`, next);
  }
  const report = parseAgentReport(console);
  if (report === undefined || isAgentThere(report)) return undefined;
  const next = NEXT[report.code] ?? 'Read the end of the console';
  return failed(
    report.code in NEXT ? `agent-${report.code}` : 'agent-not-installed',
    `the SSM agent was not installed on ${instanceId} (${report.code}): ${report.text}`,
    `${next}. Or use test.transport = "console", which needs neither agent nor network.`,
  );
}

/**
 * The image boots and has the agent, but the agent has not registered in time. Undefined when user-data has printed no
 * line: then the image does not boot, has no cloud-init or no console, and a test over the console would be silent, too.
 */
export function unregistered(
  { instanceId, regionName }: RunTestInput['instance'],
  console: string,
): ServiceError | undefined {
  const report = parseAgentReport(console);
  if (report === undefined) return undefined;
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the SSM agent of ${instanceId} in ${regionName} is ${report.code}, and did not register in time`,
    {
      ...{ code: 'agent-unregistered', class: 'lost', region: regionName, resource: instanceId },
      next: 'Check that the instance profile of the test instance allows SSM, and that it reaches the ssm endpoints on port 443. Or use test.transport = "console", which needs neither agent nor network.',
      output: printable(console.replaceAll('\r\n', '\n').slice(-OUTPUT_CHARACTERS_MAX)),
    },
  );
}
