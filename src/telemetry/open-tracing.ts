/** Loads OpenTelemetry only where an OTLP endpoint is set. */

import type { Tracing, TracingOptions } from './tracing.js';

/** By OpenTelemetry's own variables (specification: "OpenTelemetry Protocol Exporter", "General SDK Configuration"). */
export function wantsTracing(env: NodeJS.ProcessEnv): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false;
  if (env['OTEL_TRACES_EXPORTER'] === 'none') return false;
  return Boolean(env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT']);
}

/** Undefined without an endpoint. */
export async function openTracing(options: TracingOptions): Promise<Tracing | undefined> {
  if (!wantsTracing(options.env)) return undefined;
  const { startTracing } = await import('./otel.js');
  return startTracing(options);
}
