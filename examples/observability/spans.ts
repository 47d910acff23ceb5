import { tracingChannel } from 'node:diagnostics_channel';
import { type Span, SpanStatusCode, type Tracer } from '@opentelemetry/api';

/** What the library traces, each on a channel of its own. */
export const operations = ['handshake', 'read', 'write', 'update', 'end'] as const;

/** Makes a span of each thing that the library does. Returns what stops it. */
export function traceSessions(tracer: Tracer): () => void {
  const stops = operations.map((operation) => {
    const spans = new WeakMap<object, Span>();
    const channel = tracingChannel<unknown, object>(`expression.socket.io:${operation}`);
    const subscribers = {
      // The parent is the span that is active where the operation begins.
      start: (payload: object) => spans.set(payload, tracer.startSpan(`session ${operation}`)),
      asyncEnd: (payload: object) => endSpan(spans.get(payload), payload),
      end() {},
      asyncStart() {},
      error() {},
    };
    channel.subscribe(subscribers);
    return () => channel.unsubscribe(subscribers);
  });
  return () => {
    for (const stop of stops) stop();
  };
}

function endSpan(span: Span | undefined, payload: object): void {
  if (span === undefined) return;
  for (const [name, value] of Object.entries(payload)) {
    if (typeof value === 'string' || typeof value === 'number') {
      span.setAttribute(`session.${name}`, value);
    }
  }
  if ('error' in payload) {
    const message = payload.error instanceof Error ? payload.error.message : 'failed';
    span.setStatus({ code: SpanStatusCode.ERROR, message });
  }
  span.end();
}
