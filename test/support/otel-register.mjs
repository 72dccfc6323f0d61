// Registers a provider of OpenTelemetry, as an operator does with `node --import`. Each span is a line of standard output.
import { registerProvider } from './otel-provider.mjs';

registerProvider(({ name, traceId, spanId }) => {
  process.stdout.write(`${JSON.stringify({ event: 'span', name, traceId, spanId })}\n`);
});
