// A provider of OpenTelemetry for tests: spans with random ids, and the header of the W3C. `onEnd` receives each span that ends.
import { randomBytes } from 'node:crypto';
import { propagation, trace } from '@opentelemetry/api';

export function registerProvider(onEnd) {
  const startSpan = (name, { attributes }) => {
    const traceId = randomBytes(16).toString('hex');
    const spanId = randomBytes(8).toString('hex');
    const span = { name, attributes, traceId, spanId, status: null };
    return {
      spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
      setStatus: (status) => void (span.status = status),
      end: () => onEnd(span),
    };
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) });
  propagation.setGlobalPropagator({
    inject(context, carrier, setter) {
      const { traceId, spanId } = trace.getSpanContext(context);
      setter.set(carrier, 'traceparent', `00-${traceId}-${spanId}-01`);
    },
    extract: (context) => context,
    fields: () => ['traceparent'],
  });
}

export function removeProvider() {
  trace.disable();
  propagation.disable();
}
