/** What the EC2 and SSM halves of the local cloud ask of a running instance. */

export interface MachineDisk {
  readonly volumeId: string;
  /** The name in the block device mapping, such as `/dev/sdf`; the guest sees an NVMe name. */
  readonly deviceName: string;
  /** The sparse file that holds the volume's bytes; exactly `sizeBytes` long. */
  readonly file: string;
  readonly sizeBytes: number;
}

/** How S3's bucket of the SSM agent answers a guest. */
export const AGENT_BUCKETS = [
  'intact',
  'unreachable',
  'without-package',
  'without-signature',
  'tampered',
  'other-key',
] as const;
export type AgentBucket = (typeof AGENT_BUCKETS)[number];

export interface MachineSpec {
  readonly instanceId: string;
  readonly region: string;
  readonly instanceType: string;
  readonly architecture: 'x86_64' | 'arm64' | 'i386';
  readonly bootMode: 'legacy-bios' | 'uefi';
  readonly virtualizationType: 'hvm' | 'paravirtual';
  /** The image's operating system: Amazon's own has the SSM agent; `unknown` is the system on the disk. */
  readonly os: 'amazon-linux-2023' | 'unknown';
  /** An SSM agent only registers when the instance has a profile. */
  readonly instanceProfile: boolean;
  readonly imageId: string;
  /** What the guest finds in S3's bucket of the SSM agent; intact by default. */
  readonly agentBucket?: AgentBucket;
  readonly rootDevice: MachineDisk;
  readonly otherDisks: readonly MachineDisk[];
  /** Decoded user-data. */
  readonly userData: string | undefined;
  /** The instance's own folder; the machine may do as it likes below it. */
  readonly directory: string;
}

export interface CommandRequest {
  /** The lines of AWS-RunShellScript joined by newlines. */
  readonly script: string;
  readonly workingDirectory: string | undefined;
  /** The document's executionTimeout. */
  readonly timeoutSeconds: number;
  /** Aborted by CancelCommand. */
  readonly signal: AbortSignal;
}

export interface CommandResult {
  readonly outcome: 'exited' | 'timed-out' | 'cancelled' | 'instance-gone';
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type BootFailure = { readonly bootable: false; readonly reason: string };

export interface Machine {
  readonly spec: MachineSpec;
  /** Powers on: checks that the disk can boot, then runs user-data. Resolves when it is up or is seen to hang. */
  boot(): Promise<{ readonly bootable: true } | BootFailure>;
  /** Runs user-data's and the kernel's console lines; what GetConsoleOutput reads. */
  consoleOutput(): Promise<string>;
  /** Whether an SSM agent runs, is registered and answers. */
  agentOnline(): boolean;
  run(command: CommandRequest): Promise<CommandResult>;
  attach(disk: MachineDisk): Promise<void>;
  /** Fails with `mounted` when the guest has it mounted or open. */
  detach(volumeId: string): Promise<void>;
  /** Called once when the guest shuts itself down (`shutdown`, `poweroff`, its dead-man timer). */
  onPowerOff(listener: () => void): void;
  /** Stops every process of the guest at once; safe to repeat. */
  destroy(): Promise<void>;
}

/** Starts machines; one factory a simulator. */
export interface MachineFactory {
  create(spec: MachineSpec): Promise<Machine>;
  /** Boots a machine again that was on when the simulator ended. */
  resume(spec: MachineSpec): Promise<Machine>;
}
