/** Runs user-data and per-boot scripts in a guest as cloud-init does: as root, output on the console and in a log. */

import { promises as fs } from 'node:fs';
import path from 'node:path';

import { scriptWords, shimEnvironment, type ScriptPlace } from './command-run.js';
import type { Console } from './console.js';
import { replaceToolFile, type GuestFolder } from './guest-folder.js';
import { adaptScript } from './script-text.js';
import { planUserData, type UserDataScript } from './user-data.js';

/**
 * cloud-init documentation, module "Scripts Per Boot": all executables of the folder, in alphabetical order, at every
 * boot; the guest's own shell looks for them, because the guest may have put links in their place.
 */
const PER_BOOT: UserDataScript = {
  name: 'per-boot',
  text: `#!/bin/bash
failed=0
for script in /var/lib/cloud/scripts/per-boot/*; do
  if ! [ -f "$script" ] || ! [ -x "$script" ]; then continue; fi
  # cloud-init's message; bash itself would run the file as a script.
  if [ "$(head -c 2 "$script")" != '#!' ]; then
    echo "$script: Exec format error. Missing #! in script?" >&2
    failed=1
  else
    "$script" || failed=1
  fi
done
exit $failed`,
};

/**
 * Resolves when all scripts have ended. `firstBoot` is false after a restart: scripts of user-data run once
 * for each instance (cloud-init documentation, "User data scripts").
 */
export async function runCloudInit(
  place: ScriptPlace,
  console: Console,
  firstBoot: boolean,
): Promise<void> {
  const { clock } = place;
  const startedAt = clock.now();
  const say = (line: string): void => console.write(`${line}\r\n`);
  const stamp = (): string => new Date(clock.now()).toUTCString().replace('GMT', '+0000');
  const up = (): string => ((clock.now() - startedAt) / 1000 + 5).toFixed(2);
  say(
    `[    5.100000] cloud-init[1650]: Cloud-init v. 22.2.2 running 'init' at ${stamp()}. Up ${up()} seconds.`,
  );
  const plan = planUserData(place.spec.userData);
  if (firstBoot) for (const warning of plan.warnings) say(`cloud-init[1650]: ${warning}`);

  let failed = false;
  for (const script of plan.early) if (!(await runPart(place, console, script))) failed = true;
  say(
    `[    6.200000] cloud-init[1702]: Cloud-init v. 22.2.2 running 'modules:final' at ${stamp()}. Up ${up()} seconds.`,
  );
  const once = firstBoot ? plan.once : [];
  // A search in the guest starts a dozen programs, so it is left out if it would find nothing. The other script makes the log.
  const isSkipped = once.length > 0 && !(await mayHavePerBoot(place.folder));
  const succeeded = isSkipped || (await runPart(place, console, PER_BOOT));
  // A machine that went down meanwhile writes no more lines.
  if (place.guest.isStopping()) return;
  if (!succeeded) {
    failed = true;
    say(
      'cloud-init[1702]: cc_scripts_per_boot.py[WARNING]: Failed to run module scripts-per-boot (per-boot in /var/lib/cloud/scripts/per-boot)',
    );
  }
  if (firstBoot) {
    let failedOnce = false;
    for (const script of once) if (!(await runPart(place, console, script))) failedOnce = true;
    if (failedOnce) {
      failed = true;
      say(
        'cloud-init[1702]: cc_scripts_user.py[WARNING]: Failed to run module scripts-user (scripts in /var/lib/cloud/instance/scripts)',
      );
    }
  }
  say(
    `cloud-init[1702]: Cloud-init v. 22.2.2 finished at ${stamp()}. Datasource DataSourceEc2.  Up ${up()} seconds`,
  );
  await replaceToolFile(place.folder, 'cloud-init', failed ? 'error\n' : 'done\n').catch(
    // The guest may have been switched off, and its folder removed, by its own user-data.
    () => undefined,
  );
}

/** False when the folder of the scripts is surely missing. If a part of the path is a link, the guest's own shell looks. */
async function mayHavePerBoot({ directory }: GuestFolder): Promise<boolean> {
  let place = directory;
  for (const name of ['var', 'lib', 'cloud', 'scripts', 'per-boot']) {
    place = path.join(place, name);
    const what = await fs.lstat(place).catch((error: NodeJS.ErrnoException) => error);
    if (what instanceof Error) return what.code !== 'ENOENT';
    if (!what.isDirectory()) return true;
  }
  return true;
}

/** Whether the script ended with status 0. */
async function runPart(
  place: ScriptPlace,
  console: Console,
  script: UserDataScript,
): Promise<boolean> {
  const file = `/var/lib/cloud/instance/scripts/${script.name}`;
  const log = place.mode === 'shims' ? `${place.folder.directory}/var/log` : '/var/log';
  const words = scriptWords(place, place.mode === 'shims' ? place.folder.directory : '/', file);
  // `tee` appends to the log inside the guest: the simulator itself does not write under /var.
  const child = place.guest.spawn(
    [
      'bash',
      '-c',
      'set -o pipefail; "$@" 2>&1 | tee -a "$0"',
      `${log}/cloud-init-output.log`,
      ...words,
    ],
    // cloud-init is a system service: no HOME, no USER.
    { PATH: place.folder.path, LANG: 'C.UTF-8', ...shimEnvironment(place) },
  );
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    console.write(text.replace(/\r?\n/g, '\r\n'));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => console.write(text));
  child.stdin.end(`${adaptScript(script.text, place.mode, place.folder.directory)}\n`);
  return new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
