/** One machine: its power, and the commands and disks that it takes while it is on. */

import { checkBootable } from './boot-check.js';
import { runCloudInit } from './cloud-init.js';
import { runScript } from './command-run.js';
import { bootLines, openConsole, type Console } from './console.js';
import type { DiskTable } from './disk-table.js';
import type { MachineHost } from './machine-host.js';
import { readMachineMemory, type MachineMemory } from './machine-memory.js';
import type {
  BootFailure,
  CommandRequest,
  CommandResult,
  Machine,
  MachineDisk,
  MachineSpec,
} from './machine.js';
import { startSession, type Session } from './session.js';
import { SsmAgent } from './ssm-agent.js';

type BootResult = { readonly bootable: true } | BootFailure;

/** The agent gives up a document that asks for more restarts (appconfig, CommandRetryLimit). */
const restartsMax = 15;
const onlinePollMs = 20;

const gone: CommandResult = { outcome: 'instance-gone', exitCode: -1, stdout: '', stderr: '' };

/** The agent's report of a document whose worker a restart ended (outofproc/master.go). */
const lostInRestart: CommandResult = {
  outcome: 'exited',
  exitCode: -1,
  stdout: '',
  stderr:
    'document process failed unexpectedly: document worker timed out , ' +
    'check [ssm-document-worker]/[ssm-session-worker] log for crash reason',
};

export class LocalMachine implements Machine {
  readonly spec: MachineSpec;
  readonly #host: MachineHost;
  readonly #console: Console;
  readonly #memory: MachineMemory;
  readonly #agent: SsmAgent;
  readonly #otherDisks: MachineDisk[];
  readonly #powerOffListeners: (() => void)[] = [];
  #power: 'off' | 'booting' | 'up' | 'hung' | 'destroyed' = 'off';
  #booting: Promise<BootResult> | undefined;
  #session: Session | undefined;
  #cancelShutdown: (() => void) | undefined;

  static async open(spec: MachineSpec, host: MachineHost): Promise<LocalMachine> {
    const memory = await readMachineMemory(spec.directory);
    return new LocalMachine(spec, host, memory, await openConsole(spec.directory));
  }

  private constructor(
    spec: MachineSpec,
    host: MachineHost,
    memory: MachineMemory,
    console: Console,
  ) {
    this.spec = spec;
    this.#host = host;
    this.#memory = memory;
    this.#console = console;
    this.#agent = new SsmAgent(host.clock, spec.instanceProfile, host.agentRegistrationMs);
    this.#otherDisks = [...spec.otherDisks];
  }

  /** While the power is on, every call answers the same boot. */
  boot(): Promise<BootResult> {
    if (this.#isDestroyed()) {
      return Promise.resolve({ bootable: false, reason: 'the machine has been destroyed' });
    }
    return (this.#booting ??= this.#powerOn());
  }

  consoleOutput(): Promise<string> {
    return Promise.resolve(this.#console.read());
  }

  agentOnline(): boolean {
    return this.#power === 'up' && this.#agent.online;
  }

  async run(command: CommandRequest): Promise<CommandResult> {
    const commandId = this.#host.newCommandId();
    const before = { stdout: '', stderr: '' };
    for (let restarts = 0; ; restarts += 1) {
      const session = this.#session;
      if (session === undefined || this.#power !== 'up') return gone;
      const result = await session.work.during(runScript(session.place, commandId, command));
      if (result.outcome === 'instance-gone') {
        return (await this.#untilAgentOnline(command.signal)) ? lostInRestart : gone;
      }
      await session.disks.restoreSizes();
      before.stdout += result.stdout;
      before.stderr += result.stderr;
      // SSM user guide, "Handling reboots when running commands": 194 restarts the node, then the script.
      if (result.outcome !== 'exited' || result.exitCode !== 194) return { ...result, ...before };
      if (restarts >= restartsMax) return { ...result, ...before, exitCode: 1 };
      await this.#reboot(session);
      if (!(await this.#untilAgentOnline(command.signal))) return gone;
    }
  }

  async attach(disk: MachineDisk): Promise<void> {
    if (this.#isDestroyed()) throw new Error(`${this.spec.instanceId} has been destroyed`);
    if (!this.#otherDisks.some((known) => known.volumeId === disk.volumeId)) {
      this.#otherDisks.push(disk);
    }
    await this.#withDisks((disks) => disks.attach(disk));
  }

  async detach(volumeId: string): Promise<void> {
    if ((await this.#withDisks((disks) => disks.inUse(volumeId))) === true)
      throw new Error('mounted');
    const index = this.#otherDisks.findIndex((disk) => disk.volumeId === volumeId);
    if (index >= 0) this.#otherDisks.splice(index, 1);
    await this.#withDisks((disks) => disks.detach(volumeId));
  }

  onPowerOff(listener: () => void): void {
    this.#powerOffListeners.push(listener);
  }

  async destroy(): Promise<void> {
    this.#power = 'destroyed';
    // A boot that is under way then ends what it has started.
    await this.#booting?.catch(() => undefined);
    await this.#endSession();
    await this.#console.flush();
  }

  async #powerOn(): Promise<BootResult> {
    this.#power = 'booting';
    const { clock } = this.#host;
    const verdict = await clock.holdDuring(checkBootable(this.spec));
    if (!verdict.bootable) {
      this.#console.write(verdict.consoleText);
      await clock.sleep(this.#host.bootMs());
      if (!this.#isDestroyed()) this.#power = 'hung';
      return { bootable: false, reason: verdict.reason };
    }
    const firstBoot = !this.#memory.booted;
    const session = await clock.holdDuring(this.#startSession());
    this.#session = session;
    void session.place.guest.ended.then(() => this.#onGuestEnded(session));
    this.#console.write(bootLines(session.place.folder.hostName, this.spec));
    await clock.sleep(this.#host.bootMs());
    if (this.#session !== session || this.#isDestroyed()) {
      return { bootable: false, reason: 'the machine lost its power while it booted' };
    }
    await clock.holdDuring(this.#comeUp(session, firstBoot));
    return { bootable: true };
  }

  #startSession(): Promise<Session> {
    return startSession(this.#host, this.spec, this.#otherDisks, {
      onConsole: (text) => this.#console.write(text.replace(/\r?\n/g, '\r\n')),
      onEvent: (words) => this.#onEvent(words),
    });
  }

  async #comeUp(session: Session, firstBoot: boolean): Promise<void> {
    await this.#memory.rememberBoot();
    this.#power = 'up';
    const { folder } = session.place;
    if (await this.#memory.agentStartsAtBoot(this.spec, folder, firstBoot)) this.#agent.start();
    const scripts = runCloudInit(session.place, this.#console, firstBoot);
    this.#report('user-data', session.work.during(scripts));
  }

  async #withDisks<T>(change: (disks: DiskTable) => Promise<T>): Promise<T | undefined> {
    const disks = this.#session?.disks;
    return disks === undefined ? undefined : this.#host.clock.holdDuring(change(disks));
  }

  /** The guest's root can write any event; events affect only the machine's own power, agent and clock. */
  #onEvent([word = '', what = '', detail = '']: string[]): void {
    const session = this.#session;
    if (session === undefined) return;
    if (word === 'agent' && what === 'start') this.#agent.start();
    else if (word === 'agent' && what === 'stop') this.#agent.stop();
    else if (word === 'idle') session.work.endAll();
    else if (word === 'unit' && what === 'begin') session.work.begin(`unit ${detail}`);
    else if (word === 'unit' && what === 'end') session.work.end(`unit ${detail}`);
    else if (word === 'timer') this.#setShutdownTimer(session, what, Number(detail));
    else this.#switchPower(session, word);
  }

  #setShutdownTimer(session: Session, action: string, minutes: number): void {
    this.#cancelShutdown?.();
    if (action === 'cancel' || !Number.isFinite(minutes)) return;
    this.#cancelShutdown = this.#host.clock.schedule(minutes * this.#host.minuteMs, () => {
      this.#switchPower(session, action);
    });
  }

  #switchPower(session: Session, action: string): void {
    if (this.#session !== session) return;
    if (action === 'poweroff') this.#report(action, this.#powerOff());
    else if (action === 'reboot') this.#report(action, this.#reboot(session));
    else if (action === 'halt') this.#report(action, this.#halt());
  }

  /** Init was killed inside the guest: a kernel panics at that, and the instance is gone. */
  #onGuestEnded(session: Session): void {
    if (this.#session === session && !this.#isDestroyed()) this.#report('panic', this.#powerOff());
  }

  async #powerOff(): Promise<void> {
    this.#console.write('[  OK  ] Reached target System Power Off.\r\nreboot: Power down\r\n');
    await this.#endSession();
    if (this.#isDestroyed()) return;
    this.#power = 'off';
    this.#booting = undefined;
    for (const listener of this.#powerOffListeners) listener();
  }

  /** EC2 user guide: `halt` puts the CPU into HLT; the instance keeps running without any process. */
  async #halt(): Promise<void> {
    this.#console.write('[  OK  ] Reached target System Halt.\r\nreboot: System halted\r\n');
    await this.#endSession();
    if (!this.#isDestroyed()) this.#power = 'hung';
  }

  async #reboot(session: Session): Promise<void> {
    if (this.#session !== session) return;
    this.#console.write('[  OK  ] Reached target System Reboot.\r\nreboot: Restarting system\r\n');
    this.#power = 'booting';
    const booting = this.#endSession().then(() =>
      this.#isDestroyed()
        ? { bootable: false as const, reason: 'the machine has been destroyed' }
        : this.#powerOn(),
    );
    this.#booting = booting;
    await booting;
  }

  async #endSession(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#cancelShutdown?.();
    this.#agent.stop();
    await session?.end();
  }

  /** False when the machine will not come back, or the command was cancelled. */
  async #untilAgentOnline(signal: AbortSignal): Promise<boolean> {
    while (!this.agentOnline()) {
      if (signal.aborted || (this.#power !== 'booting' && this.#power !== 'up')) return false;
      await this.#host.clock.sleep(onlinePollMs);
    }
    return true;
  }

  /** A method, because the compiler takes a getter as unchanged during an await. */
  #isDestroyed(): boolean {
    return this.#power === 'destroyed';
  }

  #report(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#host.log(`${this.spec.instanceId}: ${what} failed: ${String(error)}`);
    });
  }
}
