/** The OpenTelemetry SDK: spans of client, workflows, activities and calls to AWS, sent by OTLP over HTTP. */

import { createRequire } from 'node:module';
import type { Tracer } from '@opentelemetry/api';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { Resource } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { OpenTelemetryWorkflowClientInterceptor } from '@temporalio/interceptors-opentelemetry/lib/client/index.js';
import {
  makeWorkflowExporter,
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryActivityOutboundInterceptor,
} from '@temporalio/interceptors-opentelemetry/lib/worker/index.js';
import type { CallObserver } from '../aws/call-observer.js';
import { redacted } from '../model/redact.js';
import type { Tracing, TracingOptions } from './tracing.js';

const CLOSE_PATIENCE_MS = 5_000;

/** The exporter reads OTEL_EXPORTER_OTLP_*; the variables of the resource come before our own name. */
export function startTracing({ env, serviceName, version }: TracingOptions): Tracing {
  const resource = new Resource({
    'service.name': env['OTEL_SERVICE_NAME'] || serviceName,
    'service.version': version,
  });
  const processor = new BatchSpanProcessor(new OTLPTraceExporter());
  const provider = new NodeTracerProvider({ resource, spanProcessors: [processor] });
  // Also registers the context that follows a request across `await`.
  provider.register();
  const tracer = provider.getTracer('fedimg', version);
  const options = { tracer };
  return {
    clientInterceptors: [new OpenTelemetryWorkflowClientInterceptor(options)],
    activityInterceptors: [
      (context) => ({
        inbound: new OpenTelemetryActivityInboundInterceptor(context, options),
        outbound: new OpenTelemetryActivityOutboundInterceptor(context),
      }),
    ],
    workflowModule: createRequire(import.meta.url).resolve(
      '@temporalio/interceptors-opentelemetry/lib/workflow-interceptors.js',
    ),
    sinks: { exporter: makeWorkflowExporter(processor, resource) },
    calls: spansOfCalls(tracer),
    close: async () => {
      const patience = new Promise((resolve) => setTimeout(resolve, CLOSE_PATIENCE_MS).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), patience]);
      trace.disable();
    },
  };
}

/** Names as OpenTelemetry's conventions for AWS SDK spans have them. */
function spansOfCalls(tracer: Tracer): CallObserver {
  return {
    observe: ({ service, action, regionName }, send) => {
      const attributes = {
        'rpc.system': 'aws-api',
        'rpc.service': service,
        'rpc.method': action,
        'cloud.region': regionName,
      };
      const options = { kind: SpanKind.CLIENT, attributes };
      return tracer.startActiveSpan(`${service}.${action}`, options, async (span) => {
        try {
          return await send();
        } catch (error) {
          const { name, message } = error as Error;
          span.setAttribute('error.type', name);
          span.setStatus({ code: SpanStatusCode.ERROR, message: redacted(message) });
          throw error;
        } finally {
          span.end();
        }
      });
    },
  };
}
