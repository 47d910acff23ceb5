/**
 * @module Visitors who send events without a pause while something happens to the store; what became
 * of each event, and how long it takes until all is well again.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { Store } from 'express-session';
import type { ServerOptions } from 'socket.io';
import type { Socket as Client } from 'socket.io-client';
import { type ExpressionSocketOptions, SessionError } from '../../source/index.js';
import { App } from './app.js';

/** How many visitors there are, and how long each waits between its events, in milliseconds. */
const visitorCount = 6;
const pace = 15;

/** A deadline in the drill, in milliseconds: shorter than each fault lasts. */
export const storeTimeout = 400;

/** How long it may take until all is well, in milliseconds. */
const patience = 20_000;

const kinds = ['look', 'count', 'save'] as const;
type Kind = (typeof kinds)[number];
type Ack = (code: unknown) => void;

interface DrillSettings {
  readonly store: Store;
  readonly options?: ExpressionSocketOptions;
  readonly server?: Partial<ServerOptions>;
  /** Tells the sessions that the fault concerns: some of the visitors have such. */
  readonly isConcerned?: (sessionId: string) => Promise<boolean>;
}

/** What a fault may do. */
interface DrillTerms {
  /** Whether the sessions are gone afterwards. */
  readonly losesData?: boolean;
  /** Whether the store may lose what it has acknowledged. */
  readonly mayLose?: boolean;
}

/** A visitor, and what they were told. */
class DrillVisitor {
  client!: Client;
  cookie = '';
  sessionId = '';
  /** Updates that were asked for, and acknowledged. */
  tried = 0;
  counted = 0;
  /** The number of the last save that was acknowledged. */
  saved = 0;
}

/** What was seen of a fault. */
export interface DrillReport {
  /** How long after the fault's end all was well, in milliseconds. */
  readonly healed: number;
  readonly events: number;
  /** Acknowledged updates that the store does not have, where it may lose them. */
  readonly lost: number;
  /** How many events were told what: `ok`, or the code of an error. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** An application under fire. */
export class Drill {
  readonly app: App;
  readonly #visitors: DrillVisitor[] = [];
  /** How often each event that Socket.IO delivered was heard by its listener. */
  readonly #heard = new Map<number, number>();
  readonly #outcomes = new Map<string, number>();
  readonly #unnamed: unknown[] = [];
  /** What the store said, each once. */
  readonly #causes = new Set<string>();
  #number = 0;
  #isOver = false;

  private constructor(app: App) {
    this.app = app;
    app.io.on('connection', (raw) => {
      // Not `onAny`: that sees also what Socket.IO drops because its client left in the same turn.
      for (const kind of kinds) {
        raw.on(kind, (number: number) => {
          this.#heard.set(number, this.#heard.get(number) ?? 0);
        });
      }
    });
    this.#listen();
  }

  /** Starts an application, with visitors who are logged in and connected. */
  static async start({ store, options, server, isConcerned }: DrillSettings): Promise<Drill> {
    const app = await App.start({
      store,
      options: {
        storeTimeout,
        lockTimeout: 2_000,
        touch: 200,
        ...options,
        onError: () => {},
      } as ExpressionSocketOptions,
      ...(server ? { server } : {}),
    });
    const drill = new Drill(app);
    for (let n = 0; n < visitorCount; n++) {
      const visitor = new DrillVisitor();
      drill.#visitors.push(visitor);
      await drill.#logIn(visitor);
      while (n < 2 && isConcerned && !(await isConcerned(visitor.sessionId))) {
        await drill.#logIn(visitor);
      }
    }
    return drill;
  }

  /** Sends events while something happens, and until all is well; then checks what became of them. */
  async during(
    happen: () => Promise<void>,
    { losesData = false, mayLose = false }: DrillTerms = {},
  ): Promise<DrillReport> {
    const sending = this.#visitors.map((visitor) => this.#send(visitor));
    await delay(200);
    await happen();
    const since = performance.now();
    if (losesData) await this.#logInAgain();
    await this.#untilWell(since);
    const healed = performance.now() - since;
    await delay(200);
    this.#isOver = true;
    await within(Promise.all(sending), 'all events to be acknowledged');
    const lost = await this.#check(mayLose);
    return {
      lost,
      healed,
      events: this.#heard.size,
      outcomes: Object.fromEntries(this.#outcomes),
    };
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.app.stop();
  }

  #listen(): void {
    this.app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      const on = (
        kind: Kind,
        work: (session: typeof _session & object, number: number) => unknown,
      ) =>
        socket.sessOn(kind, async (err, session, number: number, ack: Ack) => {
          this.#heard.set(number, (this.#heard.get(number) ?? 0) + 1);
          if (err) return ack(this.#name(err));
          try {
            await work(session, number);
            ack(this.#name(undefined));
          } catch (error) {
            ack(this.#name(error));
          }
        });
      on('look', (session) => session.n);
      on('count', (session) =>
        session.update((fresh) => {
          fresh.n = (fresh.n ?? 0) + 1;
        }),
      );
      on('save', (session, number) => {
        session['test:saved'] = number;
        return session.save();
      });
    });
  }

  /** Counts what a listener was told. */
  #name(error: unknown): string {
    const code = error instanceof SessionError ? error.code : undefined;
    if (error !== undefined && code === undefined) this.#unnamed.push(error);
    if (error instanceof Error && error.cause !== undefined) this.#causes.add(String(error.cause));
    const name = error === undefined ? 'ok' : (code ?? 'unnamed');
    this.#outcomes.set(name, (this.#outcomes.get(name) ?? 0) + 1);
    return name;
  }

  async #logIn(visitor: DrillVisitor): Promise<void> {
    visitor.client?.disconnect();
    Object.assign(visitor, await this.app.login(), { tried: 0, counted: 0, saved: 0 });
    visitor.client = await this.app.connect({
      cookie: visitor.cookie,
      reconnection: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
    });
    // One that refuses us while the store is away is asked again.
    visitor.client.on('connect_error', () => {});
  }

  /** Those whose sessions were thrown away. */
  async #logInAgain(): Promise<void> {
    const since = performance.now();
    for (const visitor of this.#visitors) {
      while (performance.now() - since < patience) {
        try {
          await this.#logIn(visitor);
          break;
        } catch {
          await delay(20);
        }
      }
    }
  }

  /** Sends events one after the other, so that it is known which save is the last; looks do not wait. */
  async #send(visitor: DrillVisitor): Promise<void> {
    const looks: Promise<unknown>[] = [];
    while (!this.#isOver) {
      looks.push(this.#emit(visitor.client, 'look', ++this.#number));
      await this.#count(visitor);
      await this.#save(visitor);
      await delay(pace);
    }
    await Promise.all(looks);
  }

  async #count(visitor: DrillVisitor): Promise<boolean> {
    const { sessionId, client } = visitor;
    visitor.tried++;
    const isCounted = (await this.#emit(client, 'count', ++this.#number)) === 'ok';
    if (isCounted && visitor.sessionId === sessionId) visitor.counted++;
    return isCounted;
  }

  async #save(visitor: DrillVisitor): Promise<boolean> {
    const { sessionId, client } = visitor;
    const number = ++this.#number;
    const isSaved = (await this.#emit(client, 'save', number)) === 'ok';
    if (isSaved && visitor.sessionId === sessionId) {
      visitor.saved = Math.max(visitor.saved, number);
    }
    return isSaved;
  }

  /** Resolves to what the listener acknowledged; or to nothing where the client was disconnected. */
  async #emit(client: Client, kind: Kind, number: number): Promise<unknown> {
    if (!client.connected) return undefined;
    return client
      .timeout(patience)
      .emitWithAck(kind, number)
      .catch(() => undefined);
  }

  /** Waits until each visitor can count and save, and a new connection of each gets its session. */
  async #untilWell(since: number): Promise<void> {
    const isWell = async (visitor: DrillVisitor): Promise<boolean> => {
      if (!(await this.#count(visitor)) || !(await this.#save(visitor))) return false;
      const newcomer = await this.app.connect({ cookie: visitor.cookie }).catch(() => undefined);
      const told = newcomer && (await this.#emit(newcomer, 'look', ++this.#number));
      newcomer?.disconnect();
      return told === 'ok';
    };
    for (const visitor of this.#visitors) {
      while (!(await isWell(visitor))) {
        if (performance.now() - since > patience) {
          const seen = [...this.#outcomes, ...this.#causes];
          throw new Error(`not well: ${JSON.stringify(seen)}`);
        }
        await delay(5);
      }
    }
  }

  /** @returns how many acknowledged updates the store has lost */
  async #check(mayLose: boolean): Promise<number> {
    // Events of a client that has left are not acknowledged, but heard.
    const since = performance.now();
    const isUnheard = (): boolean => [...this.#heard.values()].includes(0);
    while (isUnheard() && performance.now() - since < 5_000) await delay(5);
    expect(this.#unnamed, 'errors without a name').to.deep.equal([]);
    const wrong = [...this.#heard].filter(([, times]) => times !== 1);
    expect(wrong, 'events heard otherwise than once').to.deep.equal([]);
    let lost = 0;
    for (const { cookie, counted, tried, saved } of this.#visitors) {
      const response = await fetch(`${this.app.url}/session`, { headers: { cookie } });
      const record = (await response.json()) as Record<string, unknown>;
      const n = Number(record.n);
      expect(n, 'updates').to.be.at.most(tried);
      lost += Math.max(0, counted - n);
      if (mayLose) continue;
      expect(n, 'acknowledged updates').to.be.at.least(counted);
      expect(Number(record['test:saved'] ?? 0), 'the last save').to.be.at.least(saved);
    }
    return lost;
  }
}

async function within(promise: Promise<unknown>, what: string): Promise<void> {
  const late = new AbortController();
  const timeout = delay(patience + 5_000, undefined, { signal: late.signal }).then(
    () => {
      throw new Error(`Waited too long for ${what}`);
    },
    () => {},
  );
  await Promise.race([promise, timeout]);
  late.abort();
}
