import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import type { CountsMessage, RefusalMessage } from 'expression.socket.io';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { operations } from './spans.js';

/** Counts, for Prometheus, what the library does. Returns what stops it. */
export function measureSessions(registry: Registry): () => void {
  const registers = [registry];
  const refusals = new Counter({
    name: 'session_refusals_total',
    help: 'Clients without a session, and clients that an authorization refused',
    labelNames: ['code', 'event'],
    registers,
  });
  const durations = new Histogram({
    name: 'session_operation_seconds',
    help: 'How long handshakes, reads, writes, updates and ends take',
    labelNames: ['operation', 'code'],
    registers,
  });
  const sockets = new Gauge({ name: 'session_sockets', help: 'Sockets with a session', registers });
  const sessions = new Gauge({ name: 'sessions', help: 'Sessions with a socket', registers });

  const onRefusal = (message: unknown): void => {
    const { code, event } = message as RefusalMessage;
    refusals.inc({ code, event });
  };
  const onCounts = (message: unknown): void => {
    const counts = message as CountsMessage;
    sockets.set(counts.sockets);
    sessions.set(counts.sessions);
  };
  subscribe('expression.socket.io:refusal', onRefusal);
  subscribe('expression.socket.io:counts', onCounts);
  const stops = operations.map((operation) => observe(operation, durations));
  return () => {
    unsubscribe('expression.socket.io:refusal', onRefusal);
    unsubscribe('expression.socket.io:counts', onCounts);
    for (const stop of stops) stop();
  };
}

function observe(operation: string, durations: Histogram<'operation' | 'code'>): () => void {
  const begun = new WeakMap<object, number>();
  const channel = tracingChannel<unknown, object>(`expression.socket.io:${operation}`);
  const subscribers = {
    start: (payload: object) => begun.set(payload, performance.now()),
    asyncEnd(payload: object) {
      const code = 'code' in payload ? String(payload.code) : 'ok';
      const milliseconds = performance.now() - (begun.get(payload) ?? Number.NaN);
      durations.observe({ operation, code }, milliseconds / 1_000);
    },
    end() {},
    asyncStart() {},
    error() {},
  };
  channel.subscribe(subscribers);
  return () => channel.unsubscribe(subscribers);
}
