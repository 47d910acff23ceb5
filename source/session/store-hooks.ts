/**
 * @module Hooks the methods of a store, so that everything that HTTP handlers do to sessions is seen:
 * `createSession`, `set`, `touch`, `destroy`, `regenerate` and `clear`. The observers decide what to do about it.
 */

import type { Store } from 'express-session';
import type { ResolvedOptions } from '../options.js';
import {
  type CallbackMethodName,
  hookMethod,
  type Method,
  type MethodCall,
} from './hooked-method.js';
import { HttpWrites, type WriteObserver } from './http-writes.js';
import { type LogoutObserver, Logouts } from './logouts.js';
import { RequestBaselines } from './request-baselines.js';
import { type CreateSession, hasStandardSessions } from './session-factory.js';
import { WriteTurns } from './write-turns.js';

/** Observes what happens to the sessions of a store. */
export type StoreObserver = LogoutObserver &
  WriteObserver & {
    /** The sockets of a session are to end, but the store keeps it. */
    end(sessionId: string): void;
  };

/** Handles a call of a method; returns what the caller gets. */
type Hook = (call: MethodCall) => unknown;

type HookedName = CallbackMethodName | 'createSession';

const hooksOf = new WeakMap<Store, StoreHooks>();

/** The hooks of one store: all its observers share them, and the last to leave removes them. */
export class StoreHooks {
  readonly turns: WriteTurns;
  readonly baselines: RequestBaselines;
  /** Whether `createSession` is that of express-session. */
  readonly isStandard: boolean;
  readonly #store: Store;
  readonly #httpWrites: HttpWrites;
  readonly #observers = new Set<StoreObserver>();
  readonly #logouts: Logouts;
  /** The hooks that could not be installed, because the store is frozen, by the names of their methods. */
  readonly #notInstalled = new Map<string, Hook>();
  /** The store's own methods, as they were before they were hooked. */
  #ownDestroy: Method;
  #ownCreateSession: Method | undefined;
  #restore: (() => void)[] = [];

  /** The hooks of a store, which keep the limits that they were first asked for with while in use. */
  static of(
    store: Store,
    options: Pick<ResolvedOptions, 'storeTimeout' | 'maxPending'>,
  ): StoreHooks {
    const known = hooksOf.get(store);
    if (known?.isInUse) return known;
    // Requests that began before `close()` still need their baselines.
    const hooks = new StoreHooks(store, new WriteTurns(options), known?.baselines);
    hooksOf.set(store, hooks);
    return hooks;
  }

  /** After `close()`, writes and logouts that have begun are finished. */
  get isInUse(): boolean {
    return this.#observers.size > 0 || !this.turns.active.isIdle;
  }

  private constructor(
    store: Store,
    turns: WriteTurns,
    baselines: RequestBaselines = new RequestBaselines(),
  ) {
    this.#store = store;
    this.baselines = baselines;
    this.#ownDestroy = store.destroy as Method;
    this.turns = turns;
    this.isStandard = hasStandardSessions(store);
    this.#logouts = new Logouts(store, {
      turns,
      observers: this.#observers,
      ownDestroy: () => this.#ownDestroy,
    });
    this.#httpWrites = new HttpWrites({
      turns,
      baselines,
      observers: this.#observers,
      logouts: this.#logouts,
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

  /** Calls a method of the store for this library, through its hook even if that is not installed. */
  call(name: 'set' | 'touch' | 'destroy', ...args: unknown[]): unknown {
    const method = this.#store[name] as Method;
    const hook = this.#notInstalled.get(name);
    if (hook) return hook({ method, target: this.#store, args });
    return Reflect.apply(method, this.#store, args);
  }

  /** Notifies the observers of a session that the option `rewrite` has written. */
  rewritten(sessionId: string, session: unknown): void {
    for (const observer of this.#observers) observer.written(sessionId, session);
  }

  /** Ends the sockets of a session, those of one observer also if it has stopped observing. */
  end(sessionId: string, own: StoreObserver): void {
    for (const observer of new Set([own, ...this.#observers])) observer.end(sessionId);
  }

  #install(): void {
    this.#ownDestroy = this.#store.destroy as Method;
    this.#ownCreateSession = this.#store.createSession as unknown as Method;
    const hooks: Readonly<Record<HookedName, Hook>> = {
      createSession: (call) => this.#create(call),
      set: (call) => this.#httpWrites.set(call),
      touch: (call) => this.#httpWrites.touch(call),
      destroy: (call) => this.#logouts.destroy(call),
      regenerate: (call) => this.#logouts.regenerate(call),
      clear: (call) => this.#logouts.clear(call),
    };
    for (const name of Object.keys(hooks) as HookedName[]) {
      const restore = hookMethod(this.#store, name, hooks[name]);
      if (restore) this.#restore.push(restore);
      else this.#notInstalled.set(name, hooks[name]);
    }
  }

  /** A request loads its session, or fills its new session with data from elsewhere. */
  #create({ method, target, args }: MethodCall): unknown {
    const request = Object(args[0]);
    // The store's method replaces it.
    const previous: unknown = Reflect.get(request, 'session');
    const session: unknown = Reflect.apply(method, target, [...args]);
    const sessionId: unknown = Reflect.get(request, 'sessionID');
    if (typeof session !== 'object' || session === null || typeof sessionId !== 'string') {
      return session;
    }
    if (!this.baselines.isNew(previous, sessionId)) this.baselines.load(session, sessionId);
    return session;
  }
}
