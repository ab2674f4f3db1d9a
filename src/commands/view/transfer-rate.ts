/** Bytes per second and time left, from irregular samples. */

export interface TransferRate {
  /** Adds a sample; fewer bytes than before (a new phase or attempt) start a new measurement. */
  add(bytes: number, atMs: number): void;
  /** Undefined until two samples differ in time. */
  bytesPerSecond(): number | undefined;
  secondsLeft(totalBytes: number): number | undefined;
  /** How long the bytes have stood still. */
  stillMs(nowMs: number): number;
}

/** After this time a new sample counts half: a balance between steady and current. */
const HALF_LIFE_MS = 5_000;

export function createTransferRate(): TransferRate {
  let last: { bytes: number; atMs: number } | undefined;
  let rate: number | undefined;
  return {
    add: (bytes, atMs) => {
      if (last === undefined || bytes < last.bytes) {
        last = { bytes, atMs };
        rate = undefined;
        return;
      }
      const elapsedMs = atMs - last.atMs;
      // Heartbeats are throttled, so the same number again does not mean a standstill.
      if (elapsedMs <= 0 || bytes === last.bytes) return;
      const current = ((bytes - last.bytes) * 1000) / elapsedMs;
      const weight = 1 - 0.5 ** (elapsedMs / HALF_LIFE_MS);
      rate = rate === undefined ? current : rate + weight * (current - rate);
      last = { bytes, atMs };
    },
    stillMs: (nowMs) => (last === undefined ? 0 : nowMs - last.atMs),
    bytesPerSecond: () => rate,
    secondsLeft: (totalBytes) =>
      rate === undefined || rate <= 0 || last === undefined || totalBytes <= 0
        ? undefined
        : Math.max(0, totalBytes - last.bytes) / rate,
  };
}
