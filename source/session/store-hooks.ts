/**
 * @module Hooks the methods of a store, so that everything that HTTP handlers do to sessions is seen:
 * `createSession`, `set`, `touch`, `destroy` and `regenerate`. Its observers decide what follows.
 */

import type { Store } from 'express-session';
import type { ResolvedOptions } from '../options.js';
import type { SessionEndReason } from '../types/session.js';
import {
  type CallbackMethodName,
  callbackOf,
  callMethod,
  hookMethod,
  type Method,
  type MethodCall,
} from './hooked-method.js';
import { HttpWrites, type RequestSave } from './http-writes.js';
import { type Regeneration, Regenerations } from './regenerations.js';
import { RequestBaselines } from './request-sessions.js';
import { type CreateSession, hasStandardSessions } from './session-factory.js';
import type { Write } from './write.js';
import { WriteTurns } from './write-turns.js';

/** Observes what happens to the sessions of a store. */
export interface StoreObserver {
  /** A session is about to end. */
  ending(sessionId: string, reason: SessionEndReason): void;
  /** It did not end, because the store failed. */
  stayed(sessionId: string): void;
  /** It has ended; its sockets may stay until `finished`. */
  ended(sessionId: string, reason: SessionEndReason, finished: Promise<void>): void;
  /**
   * The store is about to be given a session by somebody else than the library, to write or to touch it.
   * If a store's `touch` writes the session whole, there is a call for each.
   *
   * @returns to be called when the store has answered, if it concerns the observer
   */
  issued(write: Write, session: object): (() => void) | undefined;
  /** It was written, or touched. */
  written(sessionId: string, session: unknown): void;
  /** Whether `saveRequest` is called; if not, requests write their sessions whole. */
  readonly mergesRequests: boolean;
  /** Writes the differences of a request. */
  saveRequest(write: RequestSave): Promise<void>;
}

/** Handles a call of a method; returns what the caller gets. */
type Hook = (call: MethodCall) => unknown;

type HookedName = CallbackMethodName | 'createSession';

/** How soon a removal that failed is tried again, at first and at last, in milliseconds. */
const shortestPause = 100;
const longestPause = 60_000;

const hooksOf = new WeakMap<Store, StoreHooks>();

/** The hooks of one store: all its observers share them, and the last to leave removes them. */
export class StoreHooks {
  readonly turns: WriteTurns;
  readonly baselines: RequestBaselines = new RequestBaselines();
  /** Whether `createSession` is that of express-session. */
  readonly isStandard: boolean;
  readonly #store: Store;
  readonly #httpWrites: HttpWrites;
  readonly #observers = new Set<StoreObserver>();
  readonly #regenerations = new Regenerations();
  /** What the hooks would do that could not be put in place, because the store is frozen. */
  readonly #missing = new Map<string, Hook>();
  /** What the methods were before they were hooked. */
  #ownDestroy: Method;
  #ownCreateSession: Method | undefined;
  #restore: (() => void)[] = [];

  /** The hooks of a store, which keep the limits that they were first asked for with. */
  static of(
    store: Store,
    options: Pick<ResolvedOptions, 'storeTimeout' | 'maxPending'>,
  ): StoreHooks {
    const hooks = hooksOf.get(store) ?? new StoreHooks(store, new WriteTurns(options));
    hooksOf.set(store, hooks);
    return hooks;
  }

  private constructor(store: Store, turns: WriteTurns) {
    this.#store = store;
    this.#ownDestroy = store.destroy as Method;
    this.turns = turns;
    this.isStandard = hasStandardSessions(store);
    this.#httpWrites = new HttpWrites({
      turns,
      baselines: this.baselines,
      saveRequest: (write) => {
        const observer = [...this.#observers].find(({ mergesRequests }) => mergesRequests);
        return observer?.saveRequest(write);
      },
      issued: (write, session) => {
        for (const observer of this.#observers) {
          // What it erases is repaired once, by one of them.
          const answered = observer.issued(write, session);
          if (answered) return answered;
        }
        return () => {};
      },
      written: (sessionId, session) => this.rewritten(sessionId, session),
      removeAgain: (sessionId) => this.#removeAgain(sessionId),
    });
  }

  /** Begins to notify an observer. */
  observe(observer: StoreObserver): void {
    if (this.#observers.size === 0) this.#install();
    this.#observers.add(observer);
  }

  /** Stops notifying an observer. After the last one, the store's methods are its own again. */
  unobserve(observer: StoreObserver): void {
    this.#observers.delete(observer);
    if (this.#observers.size > 0) return;
    for (const restore of this.#restore) restore();
    this.#restore = [];
    this.#ownCreateSession = undefined;
  }

  /** Makes a session that no request has loaded, by the store's own method. */
  readonly createSession: CreateSession = (holder, record) => {
    const method = this.#ownCreateSession ?? (this.#store.createSession as unknown as Method);
    return Reflect.apply(method, this.#store, [holder, record]) as object;
  };

  /** Calls a method of the store for this library, by its hook even if that could not be put in place. */
  call(name: 'set' | 'touch' | 'destroy', ...args: unknown[]): unknown {
    const method = this.#store[name] as Method;
    const hook = this.#missing.get(name);
    if (hook) return hook({ method, target: this.#store, args });
    return Reflect.apply(method, this.#store, args);
  }

  /** A session was written, but not by the store's own methods. */
  rewritten(sessionId: string, session: unknown): void {
    for (const observer of this.#observers) observer.written(sessionId, session);
  }

  #install(): void {
    this.#ownDestroy = this.#store.destroy as Method;
    this.#ownCreateSession = this.#store.createSession as unknown as Method;
    const hooks: Readonly<Record<HookedName, Hook>> = {
      createSession: (call) => this.#create(call),
      set: (call) => this.#httpWrites.set(call),
      touch: (call) => this.#httpWrites.touch(call),
      destroy: (call) => this.#destroy(call),
      regenerate: (call) => this.#regenerate(call),
    };
    for (const name of Object.keys(hooks) as HookedName[]) {
      const restore = hookMethod(this.#store, name, hooks[name]);
      if (restore) this.#restore.push(restore);
      else this.#missing.set(name, hooks[name]);
    }
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

  /**
   * Removes a session by the store's own method, because the observers know of its logout already. A
   * store that fails is asked again, for about ten minutes.
   *
   * @returns resolves when the store has answered, or should have
   */
  #removeAgain(sessionId: string, pause: number = shortestPause): Promise<void> {
    const call: MethodCall = { method: this.#ownDestroy, target: this.#store, args: [sessionId] };
    return new Promise((resolve) => {
      const retry = (): void => {
        resolve();
        if (pause > longestPause) return;
        setTimeout(() => void this.#removeAgain(sessionId, pause * 1.1), pause).unref();
      };
      const endDestroy = this.turns.active.beginDestroy(sessionId, retry);
      const settle = (isGone: boolean): void => {
        if (!endDestroy(isGone)) return;
        if (isGone) resolve();
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

  /** A logout waits for no write. */
  #destroy(call: MethodCall): unknown {
    const sessionId = String(call.args[0]);
    const regeneration = this.#regenerations.seen(sessionId);
    const reason = regeneration ? 'regenerated' : 'destroyed';
    const endDestroy = this.turns.active.beginDestroy(sessionId);
    for (const observer of this.#observers) observer.ending(sessionId, reason);
    const stayed = (): void => {
      for (const observer of this.#observers) observer.stayed(sessionId);
    };
    return callMethod('destroy', call, {
      answered: (answer) => {
        const isGone = !answer[0];
        const isInTime = endDestroy(isGone);
        if (isGone) this.#ended(sessionId, regeneration);
        else stayed();
        const callback = callbackOf(call);
        // Writes that began after its deadline may have come before it.
        if (isGone && !isInTime) {
          void this.#removeAgain(sessionId).then(() => process.nextTick(callback, ...answer));
        } else callback(...answer);
      },
      failed: () => {
        // A store that has answered before it throws has ended the session, or has failed.
        if (endDestroy(false)) stayed();
      },
    });
  }

  #regenerate(call: MethodCall): unknown {
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

  #ended(sessionId: string, regeneration: Regeneration | undefined): void {
    const reason = regeneration ? 'regenerated' : 'destroyed';
    const finished = regeneration?.finished ?? Promise.resolve();
    for (const observer of this.#observers) observer.ended(sessionId, reason, finished);
  }
}
