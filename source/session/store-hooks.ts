/**
 * @module What HTTP handlers do to a store, as they do it: the store's own `set`, `touch`, `destroy`
 * and `regenerate` pass through here, for everyone who calls them. Knows what each of them means for
 * a session; must not know who wants to hear of it, nor for what.
 */

import type { Store } from 'express-session';
import { Deadlines } from '../deadlines.js';
import type { SessionEndReason } from '../types.js';
import { farewellOf } from './farewell.js';
import {
  callbackOf,
  callMethod,
  hookMethod,
  type Method,
  type MethodCall,
} from './hooked-method.js';
import { StoreWrites, type Write } from './store-writes.js';
import type { EndTurn } from './turns.js';

/** Hears of what happens to the sessions of a store. */
export interface StoreWatcher {
  /** A session is about to end. */
  leaving(sessionId: string, reason: SessionEndReason): void;
  /** It did not end: the store failed. */
  stayed(sessionId: string): void;
  /** It has ended; its sockets may stay until `farewell`. */
  ended(sessionId: string, reason: SessionEndReason, farewell: Promise<void>): void;
  /** It was written, or touched. */
  written(sessionId: string, session: unknown): void;
}

/** A regeneration under way, and whether its `destroy` was seen. */
interface Regeneration {
  readonly farewell: Promise<void>;
  isSeen: boolean;
}

const known = new WeakMap<Store, StoreHooks>();

/** The hooks of one store: shared by all who watch it, and there as long as anybody does. */
export class StoreHooks {
  /** What is being written to the store. */
  readonly writes: StoreWrites;
  readonly #store: Store;
  readonly #watchers = new Set<StoreWatcher>();
  readonly #regenerations = new Map<string, Regeneration>();
  /** Whether the store, frozen maybe, lets nobody replace its `destroy`. */
  #isBlind = false;
  /** What `destroy` was before it was hooked. */
  #ownDestroy: Method | undefined;
  /** Takes each method back. */
  #restore: (() => void)[] = [];

  /**
   * Finds the hooks of a store.
   *
   * @param storeTimeout how long a write waits for another, in milliseconds: whoever comes first
   * says it for all
   */
  static of(store: Store, storeTimeout: number): StoreHooks {
    const hooks = known.get(store) ?? new StoreHooks(store, storeTimeout);
    known.set(store, hooks);
    return hooks;
  }

  private constructor(store: Store, storeTimeout: number) {
    this.#store = store;
    this.writes = new StoreWrites(new Deadlines(storeTimeout));
  }

  /** Begins to tell somebody. */
  watch(watcher: StoreWatcher): void {
    if (this.#watchers.size === 0) this.#install();
    this.#watchers.add(watcher);
  }

  /** Stops telling somebody. With the last one gone, the store's methods are its own again. */
  unwatch(watcher: StoreWatcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    for (const restore of this.#restore) restore();
    this.#restore = [];
    this.#ownDestroy = undefined;
  }

  /** A session was removed by one of its sockets: hears of it where the store's own method can't be heard. */
  destroyed(sessionId: string): void {
    if (this.#isBlind) this.#ended(sessionId, undefined);
  }

  /** A session was written past the store's own methods. */
  rewritten(sessionId: string, session: unknown): void {
    this.#tell((watcher) => watcher.written(sessionId, session));
  }

  #install(): void {
    this.#ownDestroy = this.#store.destroy as Method;
    const hooks = {
      set: hookMethod(this.#store, 'set', (call) => this.#write(call)),
      touch: hookMethod(this.#store, 'touch', (call) => this.#write(call)),
      destroy: hookMethod(this.#store, 'destroy', (call) => this.#destroy(call)),
      regenerate: hookMethod(this.#store, 'regenerate', (call) => this.#regenerate(call)),
    };
    this.#isBlind = hooks.destroy === undefined;
    this.#restore = Object.values(hooks).filter((restore) => restore !== undefined);
  }

  /** `set` and `touch`: at once where nobody of ours writes the session, and else behind that. */
  #write(call: MethodCall): unknown {
    const [, session] = call.args;
    if (this.writes.isOwn(session)) return this.#issue(call, () => {});
    const endTurn = this.writes.take(call.sessionId);
    if (endTurn) return this.#issue(call, endTurn);
    // It begins here: a logout that comes while it waits comes after it.
    const write = this.writes.begin(call.sessionId);
    return new Promise((resolve) => {
      this.writes.wait(call.sessionId, (end) => resolve(this.#issueLate(call, end, write)));
    });
  }

  async #issueLate(call: MethodCall, endTurn: EndTurn, write: Write): Promise<unknown> {
    for (let { departure } = write; departure; { departure } = write) {
      const isGone = await departure;
      if (isGone) return this.#forgo(call, endTurn, write);
      if (write.departure === departure) write.departure = undefined;
    }
    try {
      return this.#issue(call, endTurn, write);
    } catch (error) {
      // Whoever called is no longer there to catch it.
      callbackOf(call)(error);
      return undefined;
    }
  }

  /** What would have been written, the logout would have removed. */
  #forgo(call: MethodCall, endTurn: EndTurn, write: Write): void {
    this.writes.end(write);
    endTurn();
    callbackOf(call)(null);
  }

  #issue(call: MethodCall, endTurn: EndTurn, write = this.writes.begin(call.sessionId)): unknown {
    const session = Object(call.args[1]);
    // What this write calls in its turn, such as the `set` of a `touch`, is a part of it.
    const isWhole = !this.writes.isOwn(session);
    if (isWhole) this.writes.own(session);
    const end = (): void => {
      if (isWhole) this.writes.disown(session);
      this.writes.end(write);
      endTurn();
    };
    return callMethod(
      call,
      (answer) => {
        end();
        this.#written(call, write, answer);
      },
      end,
    );
  }

  /** A write that a logout overtook may have come after it, and made the session anew. */
  #written(call: MethodCall, { departure }: Write, answer: readonly unknown[]): void {
    const [, session] = call.args;
    const callback = callbackOf(call);
    if (departure === undefined) {
      if (!answer[0]) this.#tell((watcher) => watcher.written(call.sessionId, session));
      callback(...answer);
      return;
    }
    void departure.then((isGone) => {
      if (isGone) this.#removeAgain(call.sessionId, () => callback(...answer));
      else callback(...answer);
    });
  }

  /** By the store's own method: everybody was told of the logout, or the login, that it belongs to. */
  #removeAgain(sessionId: string, done: () => void): void {
    const method = this.#ownDestroy ?? (this.#store.destroy as Method);
    const call: MethodCall = {
      name: 'destroy',
      method,
      target: this.#store,
      sessionId,
      args: [sessionId],
    };
    const departed = this.writes.depart(sessionId);
    const failed = (): void => {
      departed(false);
      done();
    };
    const answered = ([error]: readonly unknown[]): void => {
      departed(!error);
      done();
    };
    try {
      callMethod(call, answered, failed);
    } catch {
      // It is told of what it asked for itself.
    }
  }

  /** A logout waits for nobody. */
  #destroy(call: MethodCall): unknown {
    const { sessionId } = call;
    const regeneration = this.#regenerations.get(sessionId);
    if (regeneration) regeneration.isSeen = true;
    const reason = regeneration ? 'regenerated' : 'destroyed';
    const departed = this.writes.depart(sessionId);
    this.#tell((watcher) => watcher.leaving(sessionId, reason));
    const answered = (answer: readonly unknown[]): void => {
      const isGone = !answer[0];
      departed(isGone);
      if (isGone) this.#ended(sessionId, regeneration);
      else this.#tell((watcher) => watcher.stayed(sessionId));
      callbackOf(call)(...answer);
    };
    return callMethod(call, answered, () => departed(false));
  }

  #regenerate(call: MethodCall): unknown {
    const { sessionId } = call;
    const [request] = call.args;
    const regeneration = { farewell: farewellOf(request), isSeen: false };
    this.#regenerations.set(sessionId, regeneration);
    const end = (): void => void this.#regenerations.delete(sessionId);
    const answered = (answer: readonly unknown[]): void => {
      end();
      // A store may have a way of its own, without `destroy`.
      if (!(regeneration.isSeen || answer[0])) this.#ended(sessionId, regeneration);
      callbackOf(call)(...answer);
    };
    return callMethod(call, answered, end);
  }

  #ended(sessionId: string, regeneration: Regeneration | undefined): void {
    const reason = regeneration ? 'regenerated' : 'destroyed';
    const farewell = regeneration?.farewell ?? Promise.resolve();
    this.#tell((watcher) => watcher.ended(sessionId, reason, farewell));
  }

  #tell(what: (watcher: StoreWatcher) => void): void {
    for (const watcher of this.#watchers) what(watcher);
  }
}
