/** What one test of an AMI has shown. */

/** How the script came to the instance, and why not by SSM. */
export interface TestTransport {
  readonly transport?: 'ssm' | 'console';
  readonly transportReason?: string;
}

export interface TestRecord extends TestTransport {
  readonly variant: string;
  readonly ami: string;
  readonly instanceId: string;
  readonly exitStatus: number;
  readonly seconds: number;
  /** The last 32 KiB of the script's output, control characters escaped. */
  readonly output: string;
}
