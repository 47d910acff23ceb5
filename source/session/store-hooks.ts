/**
 * @module What HTTP handlers do to a store, as they do it: the store's own `set`, `touch`, `destroy`
 * and `regenerate` pass through here, for everyone who calls them. Knows how to put itself there and
 * to leave again; must not know who wants to hear of it, nor for what.
 */

import type { Store } from 'express-session';
import { Deadlines } from '../deadline.js';
import { isThenable } from '../thenable.js';
import type { SessionEndReason } from '../types.js';
import { farewellOf } from './farewell.js';
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

type Callback = (...answer: unknown[]) => void;
type Method = (...args: unknown[]) => unknown;
type Name = 'set' | 'touch' | 'destroy' | 'regenerate';

/** Where each method takes its callback, whoever leaves it out. */
const callbackPositions: Readonly<Record<Name, number>> = {
  set: 2,
  touch: 2,
  destroy: 1,
  regenerate: 1,
};

/** A call of one of the store's own methods. */
interface Call {
  readonly name: Name;
  readonly method: Method;
  /** What it was called on: the store, or something derived from it. */
  readonly target: unknown;
  readonly sessionId: string;
  readonly args: readonly unknown[];
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
    this.#hook('set', (call) => this.#write(call));
    this.#hook('touch', (call) => this.#write(call));
    this.#hook('destroy', (call) => this.#destroy(call));
    this.#hook('regenerate', (call) => this.#regenerate(call));
  }

  #hook(name: Name, handle: (call: Call) => unknown): void {
    const method: unknown = Reflect.get(this.#store, name);
    if (typeof method !== 'function') return;
    const own = Object.getOwnPropertyDescriptor(this.#store, name);
    let isOver = false;
    const hook = function (this: unknown, ...args: unknown[]): unknown {
      if (isOver) return Reflect.apply(method, this, args);
      const [first] = args;
      // The first parameter of `regenerate` is the request.
      const sessionId = name === 'regenerate' ? Reflect.get(Object(first), 'sessionID') : first;
      return handle({
        name,
        method: method as Method,
        target: this,
        sessionId: String(sessionId),
        args,
      });
    };
    const isHooked = Reflect.defineProperty(this.#store, name, {
      value: hook,
      configurable: true,
      writable: true,
      enumerable: own?.enumerable ?? false,
    });
    if (!isHooked) {
      if (name === 'destroy') this.#isBlind = true;
      return;
    }
    this.#restore.push(() => {
      isOver = true;
      // Somebody else may have put its own in front meanwhile, which passes on to the hook.
      if (Reflect.get(this.#store, name) !== hook) return;
      if (own) Reflect.defineProperty(this.#store, name, own);
      else Reflect.deleteProperty(this.#store, name);
    });
  }

  /** `set` and `touch`: at once where nobody of ours writes the session, and else behind that. */
  #write(call: Call): unknown {
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

  async #issueLate(call: Call, endTurn: EndTurn, write: Write): Promise<unknown> {
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
  #forgo(call: Call, endTurn: EndTurn, write: Write): void {
    this.writes.end(write);
    endTurn();
    callbackOf(call)(null);
  }

  #issue(call: Call, endTurn: EndTurn, write = this.writes.begin(call.sessionId)): unknown {
    const end = (): void => {
      this.writes.end(write);
      endTurn();
    };
    return run(
      call,
      (answer) => {
        end();
        this.#written(call, write, answer);
      },
      end,
    );
  }

  /** A write that a logout overtook may have come after it, and made the session anew. */
  #written(call: Call, { departure }: Write, answer: readonly unknown[]): void {
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
    const call: Call = {
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
      run(call, answered, failed);
    } catch {
      // It is told of what it asked for itself.
    }
  }

  /** A logout waits for nobody. */
  #destroy(call: Call): unknown {
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
    return run(call, answered, () => departed(false));
  }

  #regenerate(call: Call): unknown {
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
    return run(call, answered, end);
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

/**
 * Calls a method of the store with a callback of ours.
 *
 * @param answered called once with the answer, by callback or by promise
 * @param failed called where the method threw, which is passed on
 * @returns what the method returned; a promise of the answer, where nobody else is given it: some
 * stores return one only to those who give no callback
 */
function run(
  { name, method, target, args }: Call,
  answered: (answer: readonly unknown[]) => void,
  failed: () => void,
): unknown {
  const { promise, settle } = promisedAnswer();
  let isAnswered = false;
  const answer = (...values: unknown[]): void => {
    if (isAnswered) return;
    isAnswered = true;
    settle(values);
    answered(values);
  };
  const position = args.findIndex((arg) => typeof arg === 'function');
  const ours = [...args];
  // `session.destroy()` without a callback of `express-session` calls `destroy(id, undefined)`.
  ours[position < 0 ? callbackPositions[name] : position] = answer;
  try {
    const result = Reflect.apply(method, target, ours);
    if (!isThenable(result)) return position < 0 ? promise : result;
    result.then(
      () => answer(null),
      (error) => answer(error || new Error('The session store gave no reason')),
    );
    return result;
  } catch (error) {
    isAnswered = true;
    failed();
    throw error;
  }
}

/** A promise of an answer, which nobody has to handle. */
function promisedAnswer(): {
  readonly promise: Promise<unknown>;
  readonly settle: (answer: readonly unknown[]) => void;
} {
  let settle: (answer: readonly unknown[]) => void = () => {};
  const promise = new Promise((resolve, reject) => {
    settle = ([error, value]) => (error ? reject(error) : resolve(value));
  });
  promise.catch(() => {});
  return { promise, settle };
}

/** The callback of whoever called the store, if any. */
function callbackOf({ args }: Call): Callback {
  const callback = args.find((arg) => typeof arg === 'function');
  return callback ? (callback as Callback) : () => {};
}
