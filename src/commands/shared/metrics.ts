/** Opens a process's metrics, where an address for them is given. */

import type { Logger } from 'pino';
import { LISTEN_ADDRESS_EXAMPLES, parseListenAddress } from '../../model/listen-address.js';
import { packageVersion } from '../../package-version.js';
import { MetricRegistry } from '../../telemetry/metric-registry.js';
import type { Role } from '../../telemetry/metric-registry.js';
import { serveMetrics } from '../../telemetry/metrics-server.js';
import type { Health, MetricsServer } from '../../telemetry/metrics-server.js';
import { usageError } from './problem.js';

export const METRICS_HELP = 'serve metrics for Prometheus at http://ADDRESS/metrics';

export interface MetricsPlace {
  /** Of `--metrics`. */
  readonly option: string | undefined;
  /** Of `[metrics]`. */
  readonly configured: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** The option comes first, then FEDIMG_METRICS, then the configuration; undefined when none is set. */
export function metricsAddress({
  option,
  configured,
  env,
}: MetricsPlace): { readonly host: string; readonly port: number } | undefined {
  const variable = env['FEDIMG_METRICS'] === '' ? undefined : env['FEDIMG_METRICS'];
  const text = option ?? variable ?? configured;
  if (text === undefined) return undefined;
  const address = parseListenAddress(text);
  if (address !== undefined) return address;
  const by = option === undefined ? 'FEDIMG_METRICS' : '--metrics';
  throw usageError(`${by} ${text} is not an address`, `Give ${LISTEN_ADDRESS_EXAMPLES}.`);
}

export function newRegistry(role: Role): MetricRegistry {
  return new MetricRegistry(packageVersion(), role);
}

/** Rejects with a `MetricsAddressError` when the address is taken. */
export async function openMetrics(
  registry: MetricRegistry,
  {
    address,
    log,
    more,
    health,
  }: {
    readonly address: { readonly host: string; readonly port: number };
    readonly log: Logger;
    readonly more?: () => Promise<string>;
    readonly health: Health;
  },
): Promise<MetricsServer> {
  const server = await serveMetrics(registry, {
    ...{ address, health },
    ...(more === undefined ? {} : { more }),
  });
  log.info({ url: server.url }, 'metrics are served');
  return server;
}
