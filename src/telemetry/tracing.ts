/** OpenTelemetry traces: loaded only where an OTLP endpoint is set. */

import type { ActivityInterceptorsFactory, WorkerOptions } from '@temporalio/worker';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { CallObserver } from '../aws/call-observer.js';

/** What client and worker need for one trace across both. */
export interface Tracing {
  readonly clientInterceptors: readonly WorkflowClientInterceptor[];
  readonly activityInterceptors: readonly ActivityInterceptorsFactory[];
  /** The module for the workflow bundle of a worker without a built one. */
  readonly workflowModule: string;
  readonly sinks: NonNullable<WorkerOptions['sinks']>;
  /** A span for each request to AWS. */
  readonly calls: CallObserver;
  /** Sends what is left. A receiver that does not answer costs a few seconds and is not an error. */
  readonly close: () => Promise<void>;
}

export interface TracingOptions {
  readonly env: NodeJS.ProcessEnv;
  /** `fedimg worker`, `fedimg listen`, or the command. */
  readonly serviceName: string;
  readonly version: string;
}

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
