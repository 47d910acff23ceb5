/**
 * @module Handles the calls of a store's methods that end sessions, `destroy`, `regenerate` and `clear`: by
 * HTTP handlers, by jobs, by the store itself or by this library.
 */

import type { Store } from 'express-session';
import type { SessionEndReason } from '../types/session.js';
import { callbackOf, callMethod, type Method, type MethodCall } from './hooked-method.js';
import { type Regeneration, Regenerations } from './regenerations.js';
import type { WriteTurns } from './write-turns.js';

/** Observes the ends of sessions. */
export interface LogoutObserver {
  /** A session is about to end. */
  ending(sessionId: string, reason: SessionEndReason): void;
  /** It did not end, because the store failed. */
  stayed(sessionId: string): void;
  /** It has ended; its sockets may stay until `finished`. */
  ended(sessionId: string, reason: SessionEndReason, finished: Promise<void>): void;
  /** The store was asked to remove all sessions, and has answered. */
  cleared(): void;
}

/** What logouts work with. */
export interface LogoutsDependencies {
  readonly turns: WriteTurns;
  readonly observers: Iterable<LogoutObserver>;
  /** The store's `destroy` as it was before it was hooked. */
  readonly ownDestroy: () => Method;
}

/** How soon a removal that failed is tried again, at first and at last, in milliseconds. */
const shortestPause = 100;
const longestPause = 60_000;

/** The logouts of one store. */
export class Logouts {
  readonly #store: Store;
  readonly #dependencies: LogoutsDependencies;
  readonly #regenerations = new Regenerations();

  constructor(store: Store, dependencies: LogoutsDependencies) {
    this.#store = store;
    this.#dependencies = dependencies;
  }

  /** The store's `destroy` was called. Some stores take a list of ids, and remove several sessions. */
  destroy(call: MethodCall): unknown {
    const sessionIds = [call.args[0]].flat().map(String);
    const ends = sessionIds.map((sessionId) => this.#beginLogout(sessionId));
    return callMethod('destroy', call, {
      answered: (answer) => {
        const removals = ends.flatMap((end) => end(!answer[0]) ?? []);
        const callback = callbackOf(call);
        if (removals.length === 0) callback(...answer);
        else void Promise.all(removals).then(() => process.nextTick(callback, ...answer));
      },
      failed: () => {
        for (const end of ends) end(false);
      },
    });
  }

  /**
   * Begins a logout, which waits for no write.
   *
   * @returns ends the logout; call it once, with whether the store has removed the session. It returns a
   * promise if the session is being removed again
   */
  #beginLogout(sessionId: string): (isRemoved: boolean) => Promise<void> | undefined {
    const regeneration = this.#regenerations.markSeen(sessionId);
    const reason = regeneration ? 'regenerated' : 'destroyed';
    const endLogout = this.#dependencies.turns.active.beginLogout(sessionId);
    for (const observer of this.#dependencies.observers) observer.ending(sessionId, reason);
    return (isRemoved) => {
      const isInTime = endLogout(isRemoved);
      if (!isRemoved) {
        for (const observer of this.#dependencies.observers) observer.stayed(sessionId);
        return undefined;
      }
      this.#ended(sessionId, regeneration);
      // Writes do not wait for a late logout, so the store may have run some of them after it.
      return isInTime ? undefined : this.removeAgain(sessionId);
    };
  }

  /** The store's `regenerate` was called: the session of a request gets another id. */
  regenerate(call: MethodCall): unknown {
    const [request] = call.args;
    const sessionId = String(Reflect.get(Object(request), 'sessionID'));
    const regeneration = this.#regenerations.begin(sessionId, request);
    const end = (): void => this.#regenerations.end(sessionId, regeneration);
    return callMethod('regenerate', call, {
      answered: (answer) => {
        end();
        // A store may regenerate in a way of its own, without `destroy`.
        if (!(regeneration.isSeen || answer[0])) this.#ended(sessionId, regeneration);
        callbackOf(call)(...answer);
      },
      failed: end,
    });
  }

  /** The store's `clear` was called. Writes that are running or begin meanwhile must not undo it. */
  clear(call: MethodCall): unknown {
    const endLogout = this.#dependencies.turns.active.beginLogout(undefined);
    const cleared = (isRemoved: boolean): void => {
      endLogout(isRemoved);
      for (const observer of this.#dependencies.observers) observer.cleared();
    };
    return callMethod('clear', call, {
      answered: (answer) => {
        cleared(!answer[0]);
        callbackOf(call)(...answer);
      },
      failed: () => cleared(false),
      returned: () => cleared(true),
    });
  }

  /**
   * Removes a session by the store's own method, because the observers know of its logout already. A
   * store that fails is asked again, for about ten minutes.
   *
   * @returns resolves when the store has answered, or should have
   */
  removeAgain(sessionId: string, pause: number = shortestPause): Promise<void> {
    const call: MethodCall = {
      method: this.#dependencies.ownDestroy(),
      target: this.#store,
      args: [sessionId],
    };
    return new Promise((resolve) => {
      const retry = (): void => {
        resolve();
        if (pause > longestPause) return;
        setTimeout(() => void this.removeAgain(sessionId, pause * 1.1), pause).unref();
      };
      const endLogout = this.#dependencies.turns.active.beginLogout(sessionId, retry);
      const settle = (isRemoved: boolean): void => {
        if (!endLogout(isRemoved)) return;
        if (isRemoved) resolve();
        else retry();
      };
      try {
        callMethod('destroy', call, {
          answered: ([error]) => settle(!error),
          failed: () => settle(false),
        });
      } catch {
        // The caller gets the result of its own write only.
      }
    });
  }

  #ended(sessionId: string, regeneration: Regeneration | undefined): void {
    const reason = regeneration ? 'regenerated' : 'destroyed';
    const finished = regeneration?.finished ?? Promise.resolve();
    for (const observer of this.#dependencies.observers)
      observer.ended(sessionId, reason, finished);
  }
}
