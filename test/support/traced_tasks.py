"""A Celery app with the instrumentation of OpenTelemetry. Each span is a line of JSON on descriptor 3."""
import json
import os

from celery import Celery
from opentelemetry import trace
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult


class Lines(SpanExporter):
    def export(self, spans):
        for span in spans:
            line = {
                'name': span.name,
                'traceId': format(span.context.trace_id, '032x'),
                'parentId': span.parent and format(span.parent.span_id, '016x'),
            }
            os.write(3, (json.dumps(line) + '\n').encode())
        return SpanExportResult.SUCCESS


provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(Lines()))
trace.set_tracer_provider(provider)
CeleryInstrumentor().instrument()

app = Celery('traced', broker=os.environ['CELERY_BROKER_URL'])


@app.task(name='tasks.traced')
def traced():
    return None
