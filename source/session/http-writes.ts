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
  /** Calls the store's own method of that name: its wrappers have already seen this write. */
  readonly callStore: SetSession;
}

/** Observes the writes of sessions. */
export interface WriteObserver {
  /**
   * The store is about to be given a session by somebody else than the library, to write or to touch it.
   * If a store's `touch` writes the session whole, there is a call for each.
   *
   * @returns to be called when the store has answered, if it concerns the observer
   */
  issued(write: Write, session: object): (() => void) | undefined;
  /** It was written. */
  written(sessionId: string, session: unknown): void;
  /** It was touched, which the store may ignore. */
  touched(sessionId: string, session: unknown): void;
  /** Whether `saveRequest` is called; if not, requests write their sessions whole. */
  readonly mergesRequests: boolean;
  /** Writes the differences of a request. */
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
  /** Called when the store has written the session. */
  readonly written?: (() => void) | undefined;
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
    const saving =
      before &&
      this.#saveRequest('set', call, { before, after })?.catch((error: unknown) => {
        baselines.takeBack(session, sessionId, { before, after });
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
    const touching = after && this.#saveRequest('touch', call, { before, after });
    return touching ? answerCaller(call, touching) : this.#write('touch', call);
  }

  /** A copy of a session that is not written by this library already. */
  #copyOf(session: object): SessionRecord | undefined {
    if (this.#dependencies.turns.active.isMarked(session)) return undefined;
    try {
      return recordOf(session);
    } catch {
      // The store may be able to write what cannot be copied.
      return undefined;
    }
  }

  #saveRequest(
    name: WriteCall['name'],
    call: MethodCall,
    states: Pick<RequestSave, 'before' | 'after'>,
  ): Promise<void> | undefined {
    const sessionId = String(call.args[0]);
    const callStore: SetSession = (session, callback) =>
      this.#write(name, { ...call, args: [sessionId, session, callback] });
    const observer = [...this.#dependencies.observers].find(({ mergesRequests }) => mergesRequests);
    return observer?.saveRequest({ name, sessionId, ...states, callStore });
  }

  /** Writes at once if no internal write has the session's turn, and otherwise after it. */
  #write(name: WriteCall['name'], call: MethodCall, written?: () => void): unknown {
    const { turns } = this.#dependencies;
    const { active } = turns;
    const sessionId = String(call.args[0]);
    const session = Object(call.args[1]);
    const set: WriteCall = { name, call, sessionId, session, written };
    const known = active.writeOf(session, sessionId);
    if (known) return this.#issueAgain(set, known);
    // It begins now, so that a logout that comes while it waits overtakes it.
    const write = active.begin(sessionId);
    active.forgetLater(write);
    const endTurn = active.isMarked(session) ? () => {} : turns.takeShared(sessionId);
    if (endTurn) return this.#issue(set, write, endTurn);
    const task = turns
      .waitForShared(sessionId)
      .then((endTurn) => this.#issueLate(set, write, endTurn));
    // A caller with a callback ignores the promise.
    task.catch(() => {});
    return task;
  }

  /** A call that is part of a write in progress: mostly the one that this library makes for it. */
  #issueAgain(set: WriteCall, write: Write): unknown {
    const { active } = this.#dependencies.turns;
    active.beginPart(write);
    return this.#call(set, write, () => active.endPart(write));
  }

  async #issueLate(set: WriteCall, write: Write, endTurn: EndTurn): Promise<unknown> {
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

  /** What a write erases is repaired once, by one of the observers. */
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
        if (!answer[0]) set.written?.();
        this.#answered(set, write, answer);
      },
      failed: end,
    });
  }

  /** A write that a logout overtook may have come after it, and have stored the session anew. */
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
