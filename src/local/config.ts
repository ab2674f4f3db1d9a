/** The configuration and test scripts of a local stack whose user has no configuration. */

import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LatencyProfile } from '../simulator/index.js';
import { agentKeyFile } from '../simulator/index.js';

/** PV-GRUB by region, as EC2's user guide lists it. Other regions have no kernel. */
export const KERNELS: Readonly<Record<string, string>> = {
  'us-east-1': 'aki-5c21674b',
  'us-west-1': 'aki-59cc8239',
  'us-west-2': 'aki-70cb0e10',
  'eu-west-1': 'aki-dc9ed9af',
  'eu-central-1': 'aki-931fe3fc',
  'ap-northeast-1': 'aki-7077ab11',
  'ap-southeast-1': 'aki-73a50110',
  'ap-southeast-2': 'aki-66506305',
  'sa-east-1': 'aki-912fbcfd',
};

/** Files that the user serves here may be published; the configuration can change it. */
export const SERVED_BY_USER = 'http://127.0.0.1:8000/';

/** With its quick latencies, the local cloud needs about a fifth of EC2's time. */
export const LOCAL_TIME_SCALE = 0.2;

const QUICK_TIMING = `
[timing]
poll_interval = "200ms"
command_poll_interval = "200ms"
# The local cloud is quick: its waits are a fifth of EC2's.
scale = ${LOCAL_TIME_SCALE}
`;

export interface LocalConfig {
  readonly deployment: string;
  readonly taskQueue: string;
  readonly allow: readonly string[];
  /** Path of the test script, relative to the configuration's folder or absolute. */
  readonly testScript: string;
  /** Of the local cloud; `fast` by default. With `aws`, fedimg waits and looks as it does in production. */
  readonly latency?: LatencyProfile;
}

export function localConfigToml(config: LocalConfig): string {
  const amis = Object.entries(KERNELS).map(([region, aki]) =>
    [
      '[[amis]]',
      `region = "${region}"`,
      'ami = "al2023"',
      'arch = "x86_64"',
      `aki = "${aki}"`,
    ].join('\n'),
  );
  return `# Configuration of a local stack: Temporal, EC2 and SSM all run on this machine.
deployment = ${toml(config.deployment)}

# The first item launches the utility instance; its region is the home region.
${amis.join('\n\n')}

[source]
# What may be downloaded. This line allows a compose or a .raw.xz that is served on this machine:
allow = [${config.allow.map(toml).join(', ')}]

[utility]
instance_profile = "fedimg-utility"

[test]
# Exit status 0 passes; AMIs become public only after that.
script = ${toml(config.testScript)}
instance_profile = "fedimg-test"
# The local cloud signs its own package of the SSM agent.
agent_key = ${toml(AGENT_KEY)}

[test.instance_types]
x86_64 = ["t3.small"]
aarch64 = ["t4g.small"]

[worker]
task_queue = ${toml(config.taskQueue)}
shutdown_grace = "2s"
${config.latency === 'aws' ? '' : QUICK_TIMING}`;
}

/** Beside the configuration, which outlives the folder that fedimg runs from. */
const AGENT_KEY = 'agent-key.asc';

/** Puts the key of the local cloud's SSM agent beside the configuration; a newer fedimg may bring another key. */
export async function placeAgentKey(directory: string): Promise<void> {
  await copyFile(agentKeyFile, path.join(directory, AGENT_KEY));
}

function toml(text: string): string {
  return JSON.stringify(text);
}

/** Checks something real: that the instance's root disk is a disk that can boot. */
export const BOOT_SECTOR_TEST = `#!/bin/bash
# Runs on an instance that was launched from the AMI; exit status 0 passes.
set -euo pipefail
lsblk
disk=$(lsblk --noheadings --nodeps --paths --output NAME | head -n 1)
signature=$(dd if="$disk" bs=1 skip=510 count=2 status=none | od -A n -t x1 | tr -d ' \\n')
echo "$disk: $(blockdev --getsize64 "$disk") bytes, boot signature $signature"
[ "$signature" = 55aa ] || { echo "$disk has no boot sector" >&2; exit 1; }
`;

/** Shows what a failed test looks like. */
export const FAILING_TEST = `#!/bin/bash
echo "this test always fails: the demo was started with --fail-test"
echo "fedimg also keeps the standard error of a test" >&2
exit 3
`;

/** A stack that is started again with other latencies needs another file: its user may have changed the first one. */
export function configFileName(latency: LatencyProfile | undefined): string {
  return latency === 'aws' ? 'fedimg-aws.toml' : 'fedimg.toml';
}

/** Writes script and configuration into `directory`; returns the configuration's path. */
export async function writeLocalConfig(
  directory: string,
  config: Omit<LocalConfig, 'testScript'>,
  test: { readonly content: string } | { readonly file: string },
): Promise<string> {
  const script = path.join(directory, 'test.sh');
  if ('file' in test) await copyFile(test.file, script);
  else await writeFile(script, test.content, { mode: 0o700 });
  await placeAgentKey(directory);
  const file = path.join(directory, configFileName(config.latency));
  await writeFile(file, localConfigToml({ ...config, testScript: 'test.sh' }), { mode: 0o600 });
  return file;
}
