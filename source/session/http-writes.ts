/**
 * @module Writes of sessions that do not come from this library: `store.set` and `store.touch`, as
 * express-session calls them at the end of a request. They wait for the session's turn; what a request
 * did not change is left as the store has it.
 */

import type { EndTurn } from '../keyed-queue.js';
import { isOvertaken, type Write } from './active-writes.js';
import { answerCaller, callbackOf, callMethod, type MethodCall } from './hooked-method.js';
import { recordOf, type SessionRecord } from './record.js';
import type { RequestBaselines } from './request-sessions.js';
import type { SetSession } from './store-call.js';
import type { WriteTurns } from './write-turns.js';

/** What an HTTP request is about to write. */
export interface RequestWrite {
  readonly name: 'set' | 'touch';
  readonly sessionId: string;
  /** The session as it was loaded, or saved last. */
  readonly before: SessionRecord;
  readonly after: SessionRecord;
  /** Calls the store's own method of that name: its wrappers have already seen this write. */
  readonly callStore: SetSession;
}

/** What HTTP writes work with. */
export interface HttpWritesDependencies {
  readonly turns: WriteTurns;
  readonly baselines: RequestBaselines;
  /** Writes the differences of a request; returns nothing if requests write their sessions whole. */
  readonly saveRequest: (write: RequestWrite) => Promise<void> | undefined;
  /** A write or a touch was issued; `answered` resolves when the store has answered. */
  readonly issued: (sessionId: string, session: object, answered: Promise<void>) => void;
  /** A session was written, or touched. */
  readonly written: (sessionId: string, session: unknown, name: HttpWrite['name']) => void;
  /** Removes a session again that a write may have stored after its logout. */
  readonly removeAgain: (sessionId: string) => Promise<void>;
}

/** One call of a store's `set` or `touch`. */
interface HttpWrite {
  readonly name: 'set' | 'touch';
  readonly call: MethodCall;
  readonly sessionId: string;
  /** Called when the store has written the session. */
  readonly written: () => void;
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
    if (this.#dependencies.turns.isInternal(session)) return undefined;
    try {
      return recordOf(session);
    } catch {
      // The store may be able to write what cannot be copied.
      return undefined;
    }
  }

  #saveRequest(
    name: HttpWrite['name'],
    call: MethodCall,
    states: Pick<RequestWrite, 'before' | 'after'>,
  ): Promise<void> | undefined {
    const sessionId = String(call.args[0]);
    const callStore: SetSession = (session, callback) =>
      this.#write(name, { ...call, args: [sessionId, session, callback] });
    return this.#dependencies.saveRequest({ name, sessionId, ...states, callStore });
  }

  /** Writes at once if no internal write has the session's turn, and otherwise after it. */
  #write(name: HttpWrite['name'], call: MethodCall, written: () => void = () => {}): unknown {
    const { turns } = this.#dependencies;
    const sessionId = String(call.args[0]);
    const write: HttpWrite = { name, call, sessionId, written };
    if (turns.isInternal(call.args[1])) return this.#issue(write, () => {});
    const endTurn = turns.take(sessionId);
    if (endTurn) return this.#issue(write, endTurn);
    // It begins now, so that a logout that comes while it waits overtakes it.
    const begun = turns.active.begin(sessionId);
    const task = turns
      .takeInTime(sessionId)
      .then((endTurn) => this.#issueLate(write, endTurn, begun));
    // A caller with a callback ignores the promise.
    task.catch(() => {});
    return task;
  }

  async #issueLate(write: HttpWrite, endTurn: EndTurn, begun: Write): Promise<unknown> {
    const callback = callbackOf(write.call);
    if (await isOvertaken(begun)) {
      // The logout would have removed what this writes.
      this.#dependencies.turns.active.end(begun);
      endTurn();
      return void process.nextTick(callback, null);
    }
    try {
      return this.#issue(write, endTurn, begun);
    } catch (error) {
      // The caller has returned, and cannot catch it.
      process.nextTick(callback, error);
      throw error;
    }
  }

  #issue(
    write: HttpWrite,
    endTurn: EndTurn,
    begun: Write = this.#dependencies.turns.active.begin(write.sessionId),
  ): unknown {
    const { name, call, sessionId, written } = write;
    const { turns } = this.#dependencies;
    const session = Object(call.args[1]);
    // What the store calls within this write, such as the `set` of a `touch`, is part of it.
    const isWhole = !turns.isInternal(session);
    const answered = turns.isMarked(session) ? () => {} : this.#issued(sessionId, session);
    if (isWhole) turns.markInternal(session);
    const end = (): void => {
      answered();
      if (isWhole) turns.unmarkInternal(session);
      turns.active.end(begun);
      endTurn();
    };
    return callMethod(name, call, {
      answered: (answer) => {
        end();
        if (!answer[0]) written();
        this.#answered(write, begun, answer);
      },
      failed: end,
    });
  }

  /** @returns to be called when the store has answered */
  #issued(sessionId: string, session: object): () => void {
    let resolve = (): void => {};
    const answered = new Promise<void>((settle) => {
      resolve = settle;
    });
    this.#dependencies.issued(sessionId, session, answered);
    return resolve;
  }

  /** A write that a logout overtook may have come after it, and have stored the session anew. */
  #answered(
    { name, call, sessionId }: HttpWrite,
    { destroy }: Write,
    answer: readonly unknown[],
  ): void {
    const callback = callbackOf(call);
    if (destroy === undefined) {
      if (!answer[0]) this.#dependencies.written(sessionId, call.args[1], name);
      callback(...answer);
      return;
    }
    void destroy.then(async (isGone) => {
      if (isGone) await this.#dependencies.removeAgain(sessionId);
      process.nextTick(callback, ...answer);
    });
  }
}
