import { channel, tracingChannel } from 'node:diagnostics_channel';
import { SpanStatusCode } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import { io } from 'socket.io-client';
import { measureSessions } from '../../../examples/observability/metrics.js';
import { operations, traceSessions } from '../../../examples/observability/spans.js';
import { type RunningExample, startExample } from '../../support/example.js';

/** Does as the library does on one of its tracing channels. */
async function operate(operation: string, payload: object, error?: Error): Promise<void> {
  await tracingChannel<unknown, object>(`expression.socket.io:${operation}`)
    .tracePromise(async () => {
      if (error) throw error;
    }, payload)
    .catch(() => {});
}

describe('examples/observability', () => {
  describe('the spans', () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    let stop: () => void;

    beforeEach(() => {
      exporter.reset();
      stop = traceSessions(provider.getTracer('test'));
    });

    afterEach(() => stop());

    it('tell each operation, with what its payload says', async () => {
      for (const operation of operations) await operate(operation, { sessions: 2 });
      const spans = exporter.getFinishedSpans();
      expect(spans.map(({ name }) => name)).to.deep.equal(
        operations.map((operation) => `session ${operation}`),
      );
      expect(spans[0]?.attributes).to.deep.equal({ 'session.sessions': 2 });
      expect(spans[0]?.status.code).to.equal(SpanStatusCode.UNSET);
    });

    it('tell that an operation failed, and not the cause', async () => {
      const cause = new Error('GET sess:a-session-id');
      await operate('read', {}, new Error('The session store failed', { cause }));
      const [span] = exporter.getFinishedSpans();
      expect(span?.status).to.deep.equal({
        code: SpanStatusCode.ERROR,
        message: 'The session store failed',
      });
      expect(JSON.stringify(span?.attributes)).not.to.include('a-session-id');
    });

    it('are no more once they are stopped', async () => {
      stop();
      await operate('read', {});
      expect(exporter.getFinishedSpans()).to.deep.equal([]);
    });
  });

  describe('the metrics', () => {
    let registry: Registry;
    let stop: () => void;

    beforeEach(() => {
      registry = new Registry();
      stop = measureSessions(registry);
    });

    afterEach(() => stop());

    it('count refusals, and what lives now', async () => {
      const refusal = { code: 'ERR_SESSION_ORIGIN', event: 'handshake' };
      channel('expression.socket.io:refusal').publish(refusal);
      channel('expression.socket.io:counts').publish({ sockets: 3, sessions: 2 });
      const metrics = await registry.metrics();
      expect(metrics)
        .to.include('session_refusals_total{code="ERR_SESSION_ORIGIN",event="handshake"} 1')
        .and.to.match(/^session_sockets 3$/m)
        .and.to.match(/^sessions 2$/m);
    });

    it('measure operations by their outcome', async () => {
      await operate('read', {});
      await operate('read', { code: 'ERR_SESSION_STORE' });
      const metrics = await registry.metrics();
      expect(metrics)
        .to.include('session_operation_seconds_count{operation="read",code="ok"} 1')
        .and.to.include(
          'session_operation_seconds_count{operation="read",code="ERR_SESSION_STORE"} 1',
        );
    });
  });

  describe('the server', () => {
    let example: RunningExample;

    before(async () => {
      example = await startExample('--import', 'tsx', 'examples/observability/server.ts');
    });

    after(() => example?.close());

    it('shows in its metrics a visitor with a session and one without', async () => {
      const response = await fetch(`${example.address}/visits`);
      const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? '';
      for (const extraHeaders of [{ cookie }, {}]) {
        const socket = io(example.address, { extraHeaders, forceNew: true });
        await new Promise((resolve) => socket.once('connect', () => resolve(undefined)));
        socket.disconnect();
      }
      const metrics = await (await fetch(`${example.address}/metrics`)).text();
      expect(metrics)
        .to.include('session_operation_seconds_count{operation="handshake",code="ok"} 1')
        .and.to.include(
          'session_refusals_total{code="ERR_SESSION_COOKIE_MISSING",event="handshake"} 1',
        );
    });
  });
});
