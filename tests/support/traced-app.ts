/**
 * @module An application whose Socket.IO is instrumented by OpenTelemetry, as a program of its own:
 * the instrumentation hooks `require`, and so has to be there before Socket.IO is loaded.
 *
 * Socket.IO is first loaded by `require`; what then imports it gets the same, patched classes. The
 * program prints one line of JSON with what happened.
 */

import { createRequire } from 'node:module';
import { SocketIoInstrumentation } from '@opentelemetry/instrumentation-socket.io';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

const exporter = new InMemorySpanExporter();
const instrumentation = new SocketIoInstrumentation();
instrumentation.setTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);
const { Socket } = createRequire(import.meta.url)('socket.io');

const { App } = await import('./app.js');
const { pair } = await import('./pair.js');
const { methodOf } = await import('./patches.js');
const { barrier } = await import('./waiting.js');

type Listener = (this: unknown, ...args: unknown[]) => unknown;

const alwaysSession = process.argv[2] === 'alwaysSession';
const app = await App.start({ options: { alwaysSession } });
const { cookie } = await app.login();
const { client, raw, socket } = await pair(app, { cookie });

const calls: Record<string, unknown[]> = {};
const counts: Record<string, number[]> = {};
const names = ['sessOn', 'sessOnce', 'on', 'once'];
const listeners = new Map<string, Listener>();
for (const name of names) {
  calls[name] = [];
  const listener: Listener = function (...args) {
    calls[name]?.push([this === socket, args.length, args.at(-1)]);
  };
  listeners.set(name, listener);
  Reflect.apply(methodOf(socket, name), socket, [name, listener]);
}
const areFound = names.every((name) => {
  const { listenerCount } = socket as unknown as { listenerCount: Listener };
  return Reflect.apply(listenerCount, socket, [name, listeners.get(name)]) === 1;
});
for (const name of names) client.emit(name, 1).emit(name, 2);
await barrier(client, socket);
for (const name of names) counts[name] = [raw.listenerCount(name)];
socket.emit('news');
app.expressionIO.close();
for (const name of names) counts[name]?.push(raw.listenerCount(name));

const report = {
  isInstrumented: '__wrapped' in Socket.prototype.on && '__wrapped' in Socket.prototype.emit,
  events: exporter
    .getFinishedSpans()
    .map(({ attributes }) => attributes['messaging.socket.io.event_name']),
  areFound,
  calls,
  counts,
};
console.log(JSON.stringify(report));
await app.stop();
