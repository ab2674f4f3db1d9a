/** Machines without processes, for tests of the cloud around them. */

import type { Machine, MachineFactory, MachineSpec } from '../../src/simulator/machine/machine.js';

/** What a test can make of a guest. */
export class FakeMachine implements Machine {
  readonly spec: MachineSpec;
  readonly attached: string[] = [];
  mounted = new Set<string>();
  isDestroyed = false;
  console = 'Linux version 6.1\nlogin: ';
  powerOff: () => void = () => undefined;
  readonly #failure: string | undefined;

  constructor(spec: MachineSpec, failure?: string) {
    this.spec = spec;
    this.#failure = failure;
  }

  boot(): ReturnType<Machine['boot']> {
    if (this.#failure === undefined) return Promise.resolve({ bootable: true });
    this.console = this.#failure;
    return Promise.resolve({ bootable: false, reason: this.#failure });
  }

  consoleOutput(): Promise<string> {
    return Promise.resolve(this.console);
  }

  agentOnline(): boolean {
    return this.#failure === undefined && this.spec.instanceProfile;
  }

  run(): ReturnType<Machine['run']> {
    return Promise.resolve({ outcome: 'exited', exitCode: 0, stdout: '', stderr: '' });
  }

  attach(disk: { volumeId: string }): Promise<void> {
    this.attached.push(disk.volumeId);
    return Promise.resolve();
  }

  detach(volumeId: string): Promise<void> {
    if (this.mounted.has(volumeId)) return Promise.reject(new Error('mounted'));
    return Promise.resolve();
  }

  onPowerOff(listener: () => void): void {
    this.powerOff = listener;
  }

  destroy(): Promise<void> {
    this.isDestroyed = true;
    return Promise.resolve();
  }
}

export class FakeMachineFactory implements MachineFactory {
  readonly machines = new Map<string, FakeMachine>();
  readonly resumed: string[] = [];
  bootFailure: string | undefined;

  create(spec: MachineSpec): Promise<Machine> {
    const machine = new FakeMachine(spec, this.bootFailure);
    this.machines.set(spec.instanceId, machine);
    return Promise.resolve(machine);
  }

  resume(spec: MachineSpec): Promise<Machine> {
    this.resumed.push(spec.instanceId);
    return this.create(spec);
  }
}
