/** The user-data of a test instance: what brings the SSM agent, or the test itself where the console is read. */

import { clientToken } from '../aws/client-token.js';
import { ssmAgentUrl } from '../model/partition.js';
import { packedScript } from '../config/test-script.js';
import { publishedKeyring } from '../guest/agent-key.js';
import { userData, withArguments } from '../guest/guest-script.js';
import type { TestPlan } from '../model/plan/plan.js';
import type { LaunchTestInput, RunTestInput } from './shapes/test.js';
import { userDataRefusal } from './instance-input.js';

export function testUserData(input: LaunchTestInput): string {
  const { test, regionName, arch, ami, origin } = input;
  if (test.transport === 'console') return consoleUserData(test, consoleNonce(origin, ami));
  const agent = ssmAgentUrl(regionName, arch === 'aarch64' ? 'arm64' : 'amd64');
  const keyring = test.agentKeyring ?? publishedKeyring();
  return userData(test.deadManMinutes, withArguments('ssm-user-data', [agent, keyring]));
}

type ConsoleTest = Pick<TestPlan, 'script' | 'timeoutSeconds' | 'deadManMinutes'>;

function consoleUserData(test: ConsoleTest, nonce: string): string {
  const script = packedScript(test.script);
  const report = withArguments('console-user-data', [nonce, script, test.timeoutSeconds]);
  return userData(test.deadManMinutes, report);
}

/** Why the console cannot carry this test, or undefined. */
export function consoleRefusal(test: ConsoleTest): string | undefined {
  return userDataRefusal(consoleUserData(test, 'f'.repeat(NONCE_CHARS)));
}

const NONCE_CHARS = 16;

/** The same in each attempt: EC2 refuses a client token whose launch has other user-data. */
export function consoleNonce(origin: RunTestInput['origin'], ami: RunTestInput['ami']): string {
  return clientToken(origin.workflowId, origin.runId, 'console', ami.ami).slice(0, NONCE_CHARS);
}
