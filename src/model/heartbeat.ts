/** What activities say while they run: typed, versioned, read by the command line and by the next attempt. */

export interface WriteHeartbeat {
  readonly version: 1;
  readonly kind: 'write';
  /** `download`, `verify`, `write` or `read-back`; `test` for the test script. */
  readonly phase: string;
  readonly bytes: number;
  /** 0 when nobody knows. */
  readonly totalBytes: number;
}

export interface WaitHeartbeat {
  readonly version: 1;
  readonly kind: 'wait';
  /** What is waited for, such as `snapshot copy`. */
  readonly phase: string;
  /** As AWS reports it: it jumps. */
  readonly percent?: number;
}

export type Heartbeat = WriteHeartbeat | WaitHeartbeat;
