/** Token buckets: how many calls a region takes at once and for how long. */

export type Bucket = readonly [capacity: number, refillPerSecond: number];

/** Tokens that a call takes from a bucket. */
export interface Need {
  /** Of the bucket, within the service and region. */
  readonly name: string;
  readonly bucket: Bucket;
  readonly tokens: number;
}

export interface ThrottledCall {
  readonly service: string;
  readonly region: string;
  readonly needs: readonly Need[];
  readonly nowMs: number;
}

export interface Throttle {
  /** Takes the call's tokens. When a bucket has too few it answers false and takes no token. */
  admit(call: ThrottledCall): boolean;
}

export function createThrottle(): Throttle {
  const levels = new Map<string, { tokens: number; at: number }>();
  const levelOf = (key: string, [capacity, refill]: Bucket, nowMs: number): number => {
    const level = levels.get(key) ?? { tokens: capacity, at: nowMs };
    return Math.min(capacity, level.tokens + ((nowMs - level.at) / 1000) * refill);
  };
  return {
    admit: ({ service, region, needs, nowMs }) => {
      const wanted = needs.map(({ name, bucket, tokens }) => {
        const key = `${region} ${service} ${name}`;
        return { key, tokens, level: levelOf(key, bucket, nowMs) };
      });
      const admitted = wanted.every(({ tokens, level }) => level >= tokens);
      for (const { key, tokens, level } of wanted) {
        levels.set(key, { tokens: admitted ? level - tokens : level, at: nowMs });
      }
      return admitted;
    },
  };
}
