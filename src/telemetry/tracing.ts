/** OpenTelemetry traces, as client and worker use them. */

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
