/**
 * @module External writes: calls of `store.set` and `store.touch` by others than this library, such as
 * express-session at the end of a request. They wait for the session's turn; what a request did not
 * change is left as the store has it.
 */

import type { EndTurn } from '../keyed-queue.js';
import { answerCaller, callbackOf, callMethod, type MethodCall } from './hooked-method.js';
import type { Logouts } from './logouts.js';
import { recordOf, type SessionRecord } from './record.js';
import type { RequestBaselines } from './request-baselines.js';
import type { SetSession } from './store-call.js';
import type { Write } from './write.js';
import type { WriteTurns } from './write-turns.js';

/** What an HTTP request wants to be saved, or only touched. */
export interface RequestSave {
  readonly name: 'set' | 'touch';
  readonly sessionId: string;
  /** The session as it was loaded, or saved last. */
  readonly before: SessionRecord;
  readonly after: SessionRecord;
  /** Whether the store may not have the session yet. */
  readonly isNew: boolean;
  /** Calls the store's own method of that name: its wrappers have already seen this write. */
  readonly callStore: SetSession;
}

/** Observes the writes of sessions. */
export interface WriteObserver {
  /**
   * An external write is about to call the store. If the store's `touch` calls its own `set`, there may be
   * two.
   *
   * @returns a function to call once the store has answered; undefined if the observer need not know
   */
  issued(write: Write, session: object): (() => void) | undefined;
  /** A session was written. */
  written(sessionId: string, session: unknown): void;
  /** A session was touched, which the store may have ignored. */
  touched(sessionId: string, session: unknown): void;
  /** Whether `saveRequest` is to be called; if not, requests write whole sessions. */
  readonly mergesRequests: boolean;
  /** Writes what a request has changed. */
  saveRequest(write: RequestSave): Promise<void>;
}

/** What HTTP writes work with. */
export interface HttpWritesDependencies {
  readonly turns: WriteTurns;
  readonly baselines: RequestBaselines;
  readonly observers: Iterable<WriteObserver>;
  readonly logouts: Pick<Logouts, 'removeAgain'>;
}

/** One call of a store's `set` or `touch`. */
interface WriteCall {
  readonly name: 'set' | 'touch';
  readonly call: MethodCall;
  readonly sessionId: string;
  readonly session: object;
  /** Called once the store has written the session. */
  readonly onWritten?: (() => void) | undefined;
}

/** The external writes of one store. */
export class HttpWrites {
  readonly #dependencies: HttpWritesDependencies;

  constructor(dependencies: HttpWritesDependencies) {
    this.#dependencies = dependencies;
  }

  /** The store's `set` was called. */
  set(call: MethodCall): unknown {
    const { baselines } = this.#dependencies;
    const sessionId = String(call.args[0]);
    const session = Object(call.args[1]);
    const after = this.#copyOf(session);
    if (after === undefined) return this.#write('set', call);
    const before = baselines.of(session, sessionId);
    const newSession = baselines.newSessionOf(session);
    const isNew = newSession?.isNew === true;
    const saving =
      before &&
      this.#saveRequest('set', call, { before, after, isNew })?.catch((error: unknown) => {
        baselines.takeBack(session, sessionId, { before, after, newSession });
        throw error;
      });
    if (saving === undefined) {
      // A handler may also have stored a copy of its session under another id.
      const isOfRequest = session.req !== undefined && session.id === sessionId;
      return this.#write('set', call, () => {
        if (isOfRequest) baselines.set(session, sessionId, after);
      });
    }
    // At once: what the request changes from now on is for its next save.
    baselines.set(session, sessionId, after);
    return answerCaller(call, saving);
  }

  /**
   * The store's `touch` was called. It gets the session as the store has it now: some stores write it
   * whole, and all of them its expiry, which others may have changed since the request loaded it.
   */
  touch(call: MethodCall): unknown {
    const session = Object(call.args[1]);
    const before = this.#dependencies.baselines.of(session, String(call.args[0]));
    const after = before && this.#copyOf(session);
    const touching = after && this.#saveRequest('touch', call, { before, after, isNew: false });
    return touching ? answerCaller(call, touching) : this.#write('touch', call);
  }

  /** Copies a session; returns undefined if it cannot be copied, or the call is part of another write. */
  #copyOf(session: object): SessionRecord | undefined {
    if (this.#dependencies.turns.active.isMarked(session)) return undefined;
    try {
      return recordOf(session);
    } catch {
      // The store may still be able to write it.
      return undefined;
    }
  }

  #saveRequest(
    name: WriteCall['name'],
    call: MethodCall,
    states: Pick<RequestSave, 'before' | 'after' | 'isNew'>,
  ): Promise<void> | undefined {
    const sessionId = String(call.args[0]);
    const callStore: SetSession = (session, callback) =>
      this.#write(name, { ...call, args: [sessionId, session, callback] });
    const observer = [...this.#dependencies.observers].find(({ mergesRequests }) => mergesRequests);
    return observer?.saveRequest({ name, sessionId, ...states, callStore });
  }

  /** Calls the store: at once, or after the writes of this library that have the turn or wait for it. */
  #write(name: WriteCall['name'], call: MethodCall, onWritten?: () => void): unknown {
    const { turns } = this.#dependencies;
    const { active } = turns;
    const sessionId = String(call.args[0]);
    const session = Object(call.args[1]);
    const set: WriteCall = { name, call, sessionId, session, onWritten };
    const known = active.writeOf(session, sessionId);
    if (known) return this.#issueWithin(set, known);
    // It begins now, so that a logout that comes while it waits overtakes it.
    const write = active.begin(sessionId);
    active.forgetLater(write);
    const endTurn = active.isMarked(session) ? () => {} : turns.takeShared(sessionId);
    if (endTurn) return this.#issue(set, write, endTurn);
    const task = turns
      .waitForShared(sessionId)
      .then((endTurn) => this.#issueInTurn(set, write, endTurn));
    // A caller that gave a callback ignores the promise.
    task.catch(() => {});
    return task;
  }

  /** Makes a call that is part of a write in progress, such as that of this library's own write. */
  #issueWithin(set: WriteCall, write: Write): unknown {
    const { active } = this.#dependencies.turns;
    active.beginPart(write);
    return this.#call(set, write, () => active.endPart(write));
  }

  async #issueInTurn(set: WriteCall, write: Write, endTurn: EndTurn): Promise<unknown> {
    const callback = callbackOf(set.call);
    if (await write.isOvertaken()) {
      // The logout would have removed what this writes.
      this.#dependencies.turns.active.endPart(write);
      endTurn();
      return void process.nextTick(callback, null);
    }
    try {
      return this.#issue(set, write, endTurn);
    } catch (error) {
      // The caller has returned, and cannot catch it.
      process.nextTick(callback, error);
      throw error;
    }
  }

  #issue(set: WriteCall, write: Write, endTurn: EndTurn): unknown {
    const { active } = this.#dependencies.turns;
    const { session } = set;
    const answered = this.#issued(write, session);
    // What the store calls within this write, such as the `set` of a `touch`, need not wait for it.
    const isWhole = !active.isMarked(session);
    if (isWhole) active.mark(session, write);
    return this.#call(set, write, () => {
      answered?.();
      if (isWhole) active.unmark(session);
      active.endPart(write);
      endTurn();
    });
  }

  /** Notifies the observers until one of them takes charge: what the write erases is repaired once. */
  #issued(write: Write, session: object): (() => void) | undefined {
    for (const observer of this.#dependencies.observers) {
      const answered = observer.issued(write, session);
      if (answered) return answered;
    }
    return undefined;
  }

  #call(set: WriteCall, write: Write, end: () => void): unknown {
    return callMethod(set.name, set.call, {
      answered: (answer) => {
        end();
        if (!answer[0]) set.onWritten?.();
        this.#answered(set, write, answer);
      },
      failed: end,
    });
  }

  /** Answers the caller. If a logout has overtaken the write, the store may have run the write after it. */
  #answered(
    { name, call, sessionId }: WriteCall,
    { logout }: Write,
    answer: readonly unknown[],
  ): void {
    const callback = callbackOf(call);
    if (logout === undefined) {
      if (!answer[0]) this.#notify(name, sessionId, call.args[1]);
      callback(...answer);
      return;
    }
    void logout.then(async (isRemoved) => {
      if (isRemoved) await this.#dependencies.logouts.removeAgain(sessionId);
      process.nextTick(callback, ...answer);
    });
  }

  /** Tells the observers that a session was written, or touched. */
  #notify(name: WriteCall['name'], sessionId: string, session: unknown): void {
    for (const observer of this.#dependencies.observers) {
      if (name === 'set') observer.written(sessionId, session);
      else observer.touched(sessionId, session);
    }
  }
}
