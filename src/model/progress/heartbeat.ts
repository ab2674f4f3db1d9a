/** What activities say while they run: typed, versioned, read by the command line and by the next attempt. */

export interface WriteHeartbeat {
  readonly version: 1;
  readonly kind: 'write';
  /** `download`, `verify`, `write`, `read-back` or `blank-check`; `test` for the test script. */
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

/** Whose heartbeat it is, and when it was sent, in ms of its sender's own clock: nobody else can read that. */
export interface HeartbeatStamp {
  readonly lease: string;
  readonly sentMs: number;
}

/** A worker that was killed, paused or cut off is noticed after this. */
export const HEARTBEAT_TIMEOUT_MS = 30_000;

/** Before Temporal gives an attempt's work to another one, the attempt has stopped for so long: a call is on its way. */
export const LAST_CALL_MS = HEARTBEAT_TIMEOUT_MS * 0.2;

/** An attempt stops this long after its last recorded heartbeat. */
export const OUT_OF_TOUCH_MS = HEARTBEAT_TIMEOUT_MS - LAST_CALL_MS;
