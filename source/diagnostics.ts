/**
 * @module Publishes what the library does: on `node:diagnostics_channel` for tracers and metrics, and
 * with the `debug` package for developers. Neither contains a session id, a cookie or a secret.
 *
 * https://nodejs.org/api/diagnostics_channel.html
 */

import {
  type Channel,
  channel,
  type TracingChannel,
  tracingChannel,
} from 'node:diagnostics_channel';
import createDebug from 'debug';
import { SessionError, type SessionErrorCode } from './errors.js';
import type { SessionEndReason } from './types/session.js';

/** The outcome of an operation, which is set at its end. */
interface Outcome {
  /** Why the operation failed, if it did. */
  error?: unknown;
  /** The code of `error`, if it is a `SessionError`. */
  code?: SessionErrorCode;
}

/** A handshake: from its headers to a session id. Once for each socket. */
export interface HandshakeTrace extends Outcome {
  /** The transport of the handshake, such as `'websocket'` or `'polling'`. */
  readonly transport: string;
  /** Where the session id came from; `'request'` is the session that express-session made. */
  source?: 'cookie' | 'ticket' | 'sessionId' | 'request';
}

/** A read of the store. */
export interface ReadTrace extends Outcome {
  /** How many sessions one call reads: more than one with `readMany`. */
  readonly sessions: number;
}

/** A write of the store. */
export interface WriteTrace extends Outcome {
  readonly operation: 'save' | 'touch' | 'destroy' | 'http';
}

/** An `update`: its lock, read, change and write. */
export interface UpdateTrace extends Outcome {
  /** How long it waited for the lock, in milliseconds; set once it has the lock. */
  waited?: number;
}

/** The end of a session: until its sockets of this process are disconnected. */
export interface EndTrace extends Outcome {
  readonly reason: SessionEndReason;
  /** How many sockets of this process the session has. */
  readonly sockets: number;
}

/** The payload of each tracing channel, `expression.socket.io:<name>`. */
export interface Traces {
  handshake: HandshakeTrace;
  read: ReadTrace;
  write: WriteTrace;
  update: UpdateTrace;
  end: EndTrace;
}

/** The message of the channel `expression.socket.io:refusal`: a client without a session. */
export interface RefusalMessage {
  readonly code: SessionErrorCode;
  /** The sentence of the error, for operators. */
  readonly message: string;
  /** `'handshake'` or `'authorization'`. */
  readonly event: string;
  readonly namespace: string;
}

/** The message of the channel `expression.socket.io:counts`: the numbers of this process. */
export interface CountsMessage {
  /** Sockets with a session. */
  readonly sockets: number;
  /** Sessions with a socket. */
  readonly sessions: number;
}

const prefix = 'expression.socket.io';

const traces: { readonly [Name in keyof Traces]: TracingChannel<unknown, Traces[Name]> } = {
  handshake: tracingChannel(`${prefix}:handshake`),
  read: tracingChannel(`${prefix}:read`),
  write: tracingChannel(`${prefix}:write`),
  update: tracingChannel(`${prefix}:update`),
  end: tracingChannel(`${prefix}:end`),
};

const refusals: Channel = channel(`${prefix}:refusal`);
const counts: Channel = channel(`${prefix}:counts`);

/** Whether a tracing channel has subscribers. */
export function isTraced(name: keyof Traces): boolean {
  return traces[name].hasSubscribers;
}

/**
 * Traces an asynchronous operation.
 *
 * @param makeTrace makes the payload; called only if the channel has subscribers
 * @param run runs the operation, with the payload to add to, if the channel has subscribers
 */
export function trace<Name extends keyof Traces, Result>(
  name: Name,
  makeTrace: () => Traces[Name],
  run: (payload: Traces[Name] | undefined) => Promise<Result>,
): Promise<Result> {
  const traced = traces[name];
  return traced.hasSubscribers ? traceRun(traced, makeTrace(), run) : run(undefined);
}

async function traceRun<Payload extends Outcome & object, Result>(
  traced: TracingChannel<unknown, Payload>,
  payload: Payload,
  run: (payload: Payload) => Promise<Result>,
): Promise<Result> {
  let result: Result | undefined;
  // Returns nothing, because `tracePromise` publishes what it returns: a session id, or a record.
  await traced.tracePromise(async () => {
    try {
      result = await run(payload);
    } catch (error) {
      if (error instanceof SessionError) payload.code = error.code;
      throw error;
    }
  }, payload);
  // It has been set: if `run` throws, so does `tracePromise`.
  return result as Result;
}

/**
 * Traces an operation that ends with a callback. Call it only if `isTraced` returns `true`.
 *
 * @param run begins the operation; calls its parameter once, at the end, with the error if any
 */
export function traceCallback<Name extends keyof Traces>(
  name: Name,
  payload: Traces[Name],
  run: (done: (error?: unknown) => void) => void,
): void {
  const { start, end, asyncStart, asyncEnd, error: failed } = traces[name];
  const done = (error?: unknown): void => {
    if (error) {
      payload.error = error;
      if (error instanceof SessionError) payload.code = error.code;
      failed.publish(payload);
    }
    asyncStart.runStores(payload, () => asyncEnd.publish(payload));
  };
  start.runStores(payload, () => {
    try {
      run(done);
    } finally {
      end.publish(payload);
    }
  });
}

/** Publishes why a client has no session. */
export function publishRefusal(makeMessage: () => RefusalMessage): void {
  if (refusals.hasSubscribers) refusals.publish(makeMessage());
}

/** Publishes the numbers of sockets and sessions. Call it when they have changed. */
export function publishCounts(makeMessage: () => CountsMessage): void {
  if (counts.hasSubscribers) counts.publish(makeMessage());
}

/** Writes a line to stderr if `DEBUG` enables it. */
export interface Debug {
  (format: string, ...args: readonly unknown[]): void;
  readonly enabled: boolean;
}

/** `DEBUG=expression.socket.io*` prints each step with its reason: https://www.npmjs.com/package/debug */
export const debug: { readonly [Part in 'handshake' | 'session' | 'socket']: Debug } = {
  handshake: createDebug(`${prefix}:handshake`),
  session: createDebug(`${prefix}:session`),
  socket: createDebug(`${prefix}:socket`),
};
