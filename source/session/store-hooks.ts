/**
 * @module Hooks the methods of a store, so that everything that HTTP handlers do to sessions is seen:
 * `createSession`, `set`, `touch`, `destroy` and `regenerate`. What follows from it is up to those who
 * observe the store.
 */

import type { Store } from 'express-session';
import type { EndTurn } from '../keyed-queue.js';
import type { ResolvedOptions } from '../options.js';
import type { SessionEndReason } from '../types.js';
import {
  answerCaller,
  callbackOf,
  callMethod,
  hookMethod,
  type Method,
  type MethodCall,
} from './hooked-method.js';
import { recordOf, type SessionRecord } from './record.js';
import { RequestBaselines } from './request-baselines.js';
import { responseFinished } from './response-finished.js';
import { type CreateSession, hasStandardSessions } from './session-factory.js';
import type { SetSession } from './store-calls.js';
import { StoreWrites, type Write } from './store-writes.js';

/** What an HTTP request is about to write. */
export interface RequestWrite {
  readonly sessionId: string;
  /** The session as it was loaded, or saved last. */
  readonly before: SessionRecord;
  readonly after: SessionRecord;
  /** Writes by the store's own `set`: wrappers of `set` have seen this write already. */
  readonly set: SetSession;
  /** Whether it is a part of a touch under way: some stores' `touch` calls their own `set`. */
  readonly isInTouch: boolean;
}

/** Observes what happens to the sessions of a store. */
export interface StoreObserver {
  /** A session is about to end. */
  ending(sessionId: string, reason: SessionEndReason): void;
  /** It did not end: the store failed. */
  stayed(sessionId: string): void;
  /** It has ended; its sockets may stay until `finished`. */
  ended(sessionId: string, reason: SessionEndReason, finished: Promise<void>): void;
  /**
   * It is being written, or touched, by others than the library; with a `touch` that reads and writes
   * it whole, both are told.
   *
   * @param answered resolves when the store has answered
   */
  readonly issued:
    | ((sessionId: string, session: object, answered: Promise<void>) => void)
    | undefined;
  /** It was written, or touched. */
  written(sessionId: string, session: unknown): void;
  /**
   * Writes the differences of a request; `undefined` where requests write their sessions whole.
   */
  readonly saveRequest: ((write: RequestWrite) => Promise<void>) | undefined;
}

/** A regeneration under way, and whether its `destroy` was seen. */
interface Regeneration {
  readonly finished: Promise<void>;
  isSeen: boolean;
}

/** How soon a removal that failed is tried again: at first, and at last, in milliseconds. */
const shortestPause = 100;
const longestPause = 60_000;

const hooksOf = new WeakMap<Store, StoreHooks>();

/** The hooks of one store: shared by all who observe it, and there as long as anybody does. */
export class StoreHooks {
  readonly writes: StoreWrites;
  readonly baselines: RequestBaselines = new RequestBaselines();
  /** Whether `createSession` is that of express-session. */
  readonly isStandard: boolean;
  readonly #store: Store;
  readonly #observers = new Set<StoreObserver>();
  readonly #regenerations = new Map<string, Regeneration>();
  /** Whether the store, frozen maybe, lets nobody replace its `destroy`. */
  #isBlind = false;
  /** What the methods were before they were hooked. */
  #ownDestroy: Method | undefined;
  #ownCreateSession: Method | undefined;
  #restore: (() => void)[] = [];

  /** The hooks of a store. Who comes first says for all how long a write waits, and how many may. */
  static of(
    store: Store,
    options: Pick<ResolvedOptions, 'storeTimeout' | 'maxPending'>,
  ): StoreHooks {
    const hooks = hooksOf.get(store) ?? new StoreHooks(store, new StoreWrites(options));
    hooksOf.set(store, hooks);
    return hooks;
  }

  private constructor(store: Store, writes: StoreWrites) {
    this.#store = store;
    this.writes = writes;
    this.isStandard = hasStandardSessions(store);
  }

  /** Tells an observer from now on. */
  observe(observer: StoreObserver): void {
    if (this.#observers.size === 0) this.#install();
    this.#observers.add(observer);
  }

  /** Tells an observer no more. With the last one gone, the store's methods are its own again. */
  unobserve(observer: StoreObserver): void {
    this.#observers.delete(observer);
    if (this.#observers.size > 0) return;
    for (const restore of this.#restore) restore();
    this.#restore = [];
    this.#ownDestroy = undefined;
    this.#ownCreateSession = undefined;
  }

  /** Makes a session by the store's own method, which no request has loaded. */
  readonly createSession: CreateSession = (holder, record) => {
    const method = this.#ownCreateSession ?? (this.#store.createSession as unknown as Method);
    return Reflect.apply(method, this.#store, [holder, record]) as object;
  };

  /** A session was removed by a socket: tells of it where the store's own method can't be observed. */
  destroyed(sessionId: string): void {
    if (this.#isBlind) this.#ended(sessionId, undefined);
  }

  /** A session was written past the store's own methods. */
  rewritten(sessionId: string, session: unknown): void {
    for (const observer of this.#observers) observer.written(sessionId, session);
  }

  #install(): void {
    this.#ownDestroy = this.#store.destroy as Method;
    this.#ownCreateSession = this.#store.createSession as unknown as Method;
    const hooks = {
      createSession: hookMethod(this.#store, 'createSession', (call) => this.#create(call)),
      set: hookMethod(this.#store, 'set', (call) => this.#set(call)),
      touch: hookMethod(this.#store, 'touch', (call) => this.#write('touch', call)),
      destroy: hookMethod(this.#store, 'destroy', (call) => this.#destroy(call)),
      regenerate: hookMethod(this.#store, 'regenerate', (call) => this.#regenerate(call)),
    };
    this.#isBlind = hooks.destroy === undefined;
    this.#restore = Object.values(hooks).filter((restore) => restore !== undefined);
  }

  /** A request loads its session. */
  #create({ method, target, args }: MethodCall): unknown {
    const session: unknown = Reflect.apply(method, target, [...args]);
    const sessionId: unknown = Reflect.get(Object(args[0]), 'sessionID');
    if (typeof session === 'object' && session !== null && typeof sessionId === 'string') {
      this.baselines.load(session, sessionId);
    }
    return session;
  }

  #set(call: MethodCall): unknown {
    const [sessionId, session] = call.args;
    if (typeof session !== 'object' || session === null) return this.#write('set', call);
    const id = String(sessionId);
    const before = this.baselines.of(session, id);
    const isInTouch = this.writes.isInternal(session);
    if (isInTouch && before === undefined) return this.#write('set', call);
    let after: SessionRecord;
    try {
      after = recordOf(session);
    } catch {
      // The store has its own way with what cannot be copied.
      return this.#write('set', call);
    }
    const observer = [...this.#observers].find(({ saveRequest }) => saveRequest);
    const isLoadedAgain = Reflect.get(session, 'req') !== undefined;
    if (before === undefined || observer?.saveRequest === undefined) {
      const written = (): void => {
        if (isLoadedAgain) this.baselines.set(session, id, after);
      };
      return this.#write('set', call, written);
    }
    const set: SetSession = (written, callback) =>
      this.#write('set', { ...call, args: [id, written, callback] });
    // At once: what is taken back from now on differs from what is being saved.
    this.baselines.set(session, id, after);
    const task = observer.saveRequest({ sessionId: id, before, after, set, isInTouch });
    const failed = (error: unknown): never => {
      this.baselines.takeBack(session, id, { before, after });
      throw error;
    };
    return answerCaller(call, task.catch(failed));
  }

  /** An external write: at once where no internal one writes the session, and else after that. */
  #write(name: 'set' | 'touch', call: MethodCall, written: () => void = () => {}): unknown {
    const sessionId = String(call.args[0]);
    const issue = (endTurn: EndTurn, write?: Write): unknown =>
      this.#issue({ name, call, sessionId, endTurn, written }, write);
    if (this.writes.isInternal(call.args[1])) return issue(() => {});
    const endTurn = this.writes.take(sessionId);
    if (endTurn) return issue(endTurn);
    // It begins here: a logout that comes while it waits comes after it.
    const write = this.writes.begin(sessionId);
    return this.writes
      .takeInTime(sessionId)
      .then((end) => this.#issueLate(call, end, write, issue));
  }

  async #issueLate(
    call: MethodCall,
    endTurn: EndTurn,
    write: Write,
    issue: (endTurn: EndTurn, write: Write) => unknown,
  ): Promise<unknown> {
    for (let { destroy } = write; destroy; { destroy } = write) {
      if (await destroy) {
        // What would have been written, the logout would have removed.
        this.writes.end(write);
        endTurn();
        return void callbackOf(call)(null);
      }
      if (write.destroy === destroy) write.destroy = undefined;
    }
    try {
      return issue(endTurn, write);
    } catch (error) {
      // The caller is no longer there to catch it.
      callbackOf(call)(error);
      return undefined;
    }
  }

  #issue(
    {
      name,
      call,
      sessionId,
      endTurn,
      written,
    }: {
      readonly name: 'set' | 'touch';
      readonly call: MethodCall;
      readonly sessionId: string;
      readonly endTurn: EndTurn;
      readonly written: () => void;
    },
    write: Write = this.writes.begin(sessionId),
  ): unknown {
    const session = Object(call.args[1]);
    // What this write calls in its turn, such as the `set` of a `touch`, is a part of it.
    const isWhole = !this.writes.isInternal(session);
    const tellAnswered = this.writes.isMarked(session)
      ? () => {}
      : this.#issued(sessionId, session);
    if (isWhole) this.writes.markInternal(session);
    const end = (): void => {
      tellAnswered();
      if (isWhole) this.writes.unmarkInternal(session);
      this.writes.end(write);
      endTurn();
    };
    return callMethod(name, call, {
      answered: (answer) => {
        end();
        if (!answer[0]) written();
        this.#answered(call, write, answer);
      },
      failed: end,
    });
  }

  /** Tells that a write was issued; what it returns tells that it was answered. */
  #issued(sessionId: string, session: object): () => void {
    let tell = (): void => {};
    const answered = new Promise<void>((resolve) => {
      tell = resolve;
    });
    for (const observer of this.#observers) observer.issued?.(sessionId, session, answered);
    return tell;
  }

  /** A write that a logout overtook may have come after it, and made the session anew. */
  #answered(call: MethodCall, { sessionId, destroy }: Write, answer: readonly unknown[]): void {
    const callback = callbackOf(call);
    if (destroy === undefined) {
      if (!answer[0]) this.rewritten(sessionId, call.args[1]);
      callback(...answer);
      return;
    }
    void destroy.then((isGone) => {
      if (isGone) this.#removeAgain(sessionId, () => callback(...answer));
      else callback(...answer);
    });
  }

  /**
   * By the store's own method: everybody was told of the logout that it belongs to. A store that is in
   * trouble is asked again.
   *
   * @param done called once the store has answered, or should have
   */
  #removeAgain(sessionId: string, done: () => void, pause = shortestPause): void {
    const method = this.#ownDestroy ?? (this.#store.destroy as Method);
    const call: MethodCall = { method, target: this.#store, args: [sessionId] };
    const tryAgain = (): void => {
      done();
      // For about ten minutes.
      if (pause > longestPause) return;
      setTimeout(() => this.#removeAgain(sessionId, () => {}, pause * 1.1), pause).unref();
    };
    const endDestroy = this.writes.beginDestroy(sessionId, tryAgain);
    const settle = (isGone: boolean): void => {
      if (!endDestroy(isGone)) return;
      if (isGone) done();
      else tryAgain();
    };
    try {
      callMethod('destroy', call, {
        answered: ([error]) => settle(!error),
        failed: () => settle(false),
      });
    } catch {
      // The caller is told of what it asked for itself.
    }
  }

  /** A logout waits for nobody. */
  #destroy(call: MethodCall): unknown {
    const sessionId = String(call.args[0]);
    const regeneration = this.#regenerations.get(sessionId);
    if (regeneration) regeneration.isSeen = true;
    const reason = regeneration ? 'regenerated' : 'destroyed';
    const endDestroy = this.writes.beginDestroy(sessionId);
    for (const observer of this.#observers) observer.ending(sessionId, reason);
    return callMethod('destroy', call, {
      answered: (answer) => {
        const isGone = !answer[0];
        const isInTime = endDestroy(isGone);
        if (isGone) this.#ended(sessionId, regeneration);
        else for (const observer of this.#observers) observer.stayed(sessionId);
        const tell = (): void => callbackOf(call)(...answer);
        // After its deadline, others have written, which the store may have done after it.
        if (isGone && !isInTime) this.#removeAgain(sessionId, tell);
        else tell();
      },
      failed: () => endDestroy(false),
    });
  }

  #regenerate(call: MethodCall): unknown {
    const [request] = call.args;
    const sessionId = String(Reflect.get(Object(request), 'sessionID'));
    const regeneration = { finished: responseFinished(request), isSeen: false };
    this.#regenerations.set(sessionId, regeneration);
    const end = (): void => void this.#regenerations.delete(sessionId);
    return callMethod('regenerate', call, {
      answered: (answer) => {
        end();
        // A store may have a way of its own, without `destroy`.
        if (!(regeneration.isSeen || answer[0])) this.#ended(sessionId, regeneration);
        callbackOf(call)(...answer);
      },
      failed: end,
    });
  }

  #ended(sessionId: string, regeneration: Regeneration | undefined): void {
    const reason = regeneration ? 'regenerated' : 'destroyed';
    const finished = regeneration?.finished ?? Promise.resolve();
    for (const observer of this.#observers) observer.ended(sessionId, reason, finished);
  }
}
