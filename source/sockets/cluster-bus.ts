/**
 * @module Carries messages about sessions between the nodes of a cluster, through Socket.IO's own adapter.
 */

import { EventEmitter } from 'node:events';
import type { Namespace, Server } from 'socket.io';
import type { ErrorReporter } from '../error-reporter.js';
import type { ProcessBus, SessionMessage } from '../session/process-bus.js';
import { isSessionHash } from '../session/session-hash.js';
import { emitterOf, type Listener, register, registeredOn } from './listener-links.js';

/** The name of the server-side event, which clients can neither send nor receive. */
const event = 'expression.socket.io:session';

const lockAdvice =
  'The adapter connects several nodes, but each node has its own lock in memory: concurrent updates of a session on two nodes lose changes. Set the option `lock`, for example with `...redis(client)` or `...postgres(pool)`';

/** Sends messages to the other nodes, and receives theirs. */
export class ClusterBus implements ProcessBus {
  readonly #namespace: Namespace;
  readonly #reporter: Pick<ErrorReporter, 'report' | 'advise'>;
  readonly #isLockShared: boolean;
  #registered: Listener | undefined;
  #isClosed = false;

  /** @param isLockShared whether updates take a lock that the other nodes share */
  constructor(
    io: Server,
    reporter: Pick<ErrorReporter, 'report' | 'advise'>,
    isLockShared: boolean,
  ) {
    this.#namespace = io.of('/');
    this.#reporter = reporter;
    this.#isLockShared = isLockShared;
  }

  /** Sends a message to all other nodes, if the adapter connects any. */
  publish(message: SessionMessage): void {
    if (!connectsNodes(this.#namespace.adapter)) return;
    if (!this.#isLockShared) this.#reporter.advise(lockAdvice);
    try {
      this.#namespace.serverSideEmit(event, message);
    } catch (error) {
      // The adapter is down. The other nodes notice the change when they read the store.
      this.#reporter.report(error, { event: 'cluster' });
    }
  }

  /**
   * Calls `receive` with the messages of other nodes. A further call subscribes again if the application
   * has removed all listeners of the server meanwhile.
   */
  subscribe(receive: (message: SessionMessage) => void): void {
    if (this.#isClosed || this.#isSubscribed) return;
    this.#registered = register(this.#namespace, event, (message) => {
      if (isSessionMessage(message)) receive(message);
    });
  }

  /** Stops receiving. */
  close(): void {
    this.#isClosed = true;
    if (this.#registered) emitterOf(this.#namespace).off(event, this.#registered);
  }

  get #isSubscribed(): boolean {
    return registeredOn(this.#namespace, event).some((one) => one === this.#registered);
  }
}

/** The in-memory adapter inherits a `serverSideEmit` that only prints a warning. */
function connectsNodes(adapter: object): boolean {
  for (let owner = adapter; owner; owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, 'serverSideEmit')) {
      return Object.getPrototypeOf(owner) !== EventEmitter.prototype;
    }
  }
  return false;
}

/** Other nodes may run another version of this library during a deployment. */
function isSessionMessage(value: unknown): value is SessionMessage {
  const { type, hash, reason, expiries } = Object(value) as Record<string, unknown>;
  if (type === 'cleared') return true;
  // `every` skips the holes of a sparse array.
  if (type === 'extended') return Array.isArray(expiries) && [...expiries].every(isExpiry);
  const isKnown = type === 'ending' || type === 'stayed' || type === 'ended';
  return isKnown && isSessionHash(hash) && isReason(reason);
}

function isExpiry(value: unknown): boolean {
  return Array.isArray(value) && isSessionHash(value[0]) && Number.isFinite(value[1]);
}

function isReason(value: unknown): boolean {
  return value === 'destroyed' || value === 'regenerated' || value === 'expired';
}
