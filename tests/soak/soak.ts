/**
 * @module A soak: many visitors do everything at once while the store misbehaves, and a model tells
 * what must come of it.
 */

import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import cookieParser from 'cookie-parser';
import express from 'express';
import session from 'express-session';
import { Server } from 'socket.io';
import { type Socket as Client, io as open } from 'socket.io-client';
import { ExpressionSocket } from '../../source/index.js';
import { cookieOf, sign } from '../support/cookies.js';
import { Seeded } from '../support/seeded.js';
import { latencies, TroubledStore } from '../support/troubled-store.js';
import { SoakModel, type SoakSession } from './model.js';

/** How much is done. */
export interface SoakSettings {
  readonly seconds: number;
  readonly connections: number;
  readonly sessions: number;
  readonly seed: number;
}

/** What came of it. */
export interface SoakReport {
  readonly model: SoakModel;
  readonly heap: { readonly warm: number; readonly end: number };
  readonly eventLoop: { readonly p50: number; readonly p99: number; readonly most: number };
  readonly mishaps: Readonly<Record<string, number | undefined>>;
  readonly reported: Readonly<Record<string, number>>;
  readonly calls: Readonly<Record<string, number>>;
}

/** What a listener acknowledges. */
interface Answer {
  readonly code: string;
  /** The value that was saved, if any. */
  readonly saved: number;
}

const secret = 'the secret of the soak';
const storeTimeout = 400;

/** Soaks the library. */
export class Soak {
  readonly #settings: SoakSettings;
  readonly #random: Seeded;
  readonly #model = new SoakModel();
  readonly #store: TroubledStore;
  readonly #http: HttpServer;
  readonly #io: Server;
  readonly #expressionIO: ExpressionSocket;
  readonly #sessions: SoakSession[] = [];
  readonly #clients: { client: Client; session: SoakSession }[] = [];
  readonly #reported: Record<string, number> = {};
  readonly #pending = new Set<Promise<unknown>>();
  #made = 0;
  #saves = 0;
  #isOver = false;

  constructor(settings: SoakSettings) {
    this.#settings = settings;
    this.#random = new Seeded(settings.seed);
    this.#store = new TroubledStore(settings.seed + 1);
    const app = express();
    app.use(
      session({ secret, store: this.#store, resave: false, saveUninitialized: false }),
      (request, response, next) => {
        // The store may be disconnected, which express-session answers with no session.
        if (request.session) next();
        else response.status(503).end();
      },
    );
    app.post('/write', (request, response) => {
      const { key, value } = request.query;
      if (request.session.n === undefined) return void response.status(404).end();
      request.session[`test:${String(key)}`] = Number(value);
      // The response that express-session ends by itself does not tell whether it was saved.
      request.session.save((error) => response.status(error ? 500 : 200).end());
    });
    app.post('/logout', (request, response) => {
      request.session.destroy((error) => response.status(error ? 500 : 200).end());
    });
    app.use(((_error, _request, response, _next) => {
      response.status(500).end();
    }) as express.ErrorRequestHandler);
    this.#http = createServer(app);
    this.#io = new Server(this.#http);
    this.#expressionIO = new ExpressionSocket(
      this.#io as never,
      this.#store,
      cookieParser(secret),
      { storeTimeout, touch: 2_000, onError: (error: unknown) => this.#report(error) },
    ) as unknown as ExpressionSocket;
    this.#listen();
  }

  /** Runs it. */
  async run(): Promise<SoakReport> {
    const { seconds, connections, sessions } = this.#settings;
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    for (let made = 0; made < sessions; made++) this.#sessions.push(this.#createSession());
    for (let made = 0; made < connections; made += 100) {
      await Promise.all(
        Array.from({ length: Math.min(100, connections - made) }, () => this.#connect()),
      );
    }
    const eventLoop = monitorEventLoopDelay({ resolution: 10 });
    eventLoop.enable();
    const startedAt = performance.now();
    const end = startedAt + seconds * 1_000;
    const faults = this.#makeTrouble();
    const warmUp = this.#measureWhenWarm(seconds);
    await Promise.all(Array.from({ length: 40 }, () => this.#visit(end)));
    this.#isOver = true;
    await faults;
    this.#store.calm();
    eventLoop.disable();
    await Promise.race([Promise.allSettled([...this.#pending]), delay(10_000)]);
    // What was given up at a deadline lands by then.
    await delay(4 * storeTimeout);
    await this.#untilRepaired();
    this.#checkEnd();
    const warm = await warmUp;
    const heapAtEnd = heapUsed();
    await this.#stop();
    return {
      model: this.#model,
      heap: { warm, end: heapAtEnd },
      eventLoop: {
        p50: eventLoop.percentile(50) / 1e6,
        p99: eventLoop.percentile(99) / 1e6,
        most: eventLoop.max / 1e6,
      },
      mishaps: this.#store.mishaps,
      reported: this.#reported,
      calls: this.#store.calls,
    };
  }

  #listen(): void {
    this.#expressionIO.sockets.on('connection', (_err, _session, socket) => {
      this.#model.count('connections announced');
      // Not `onAny`, which also sees what Socket.IO drops because the client has left.
      socket.on('do', (number: number) => this.#model.arrived(number));
      socket.sessOn('do', async (err, session, number: number, work: string, ack) => {
        this.#model.called(number, err, session);
        if (err) return ack({ code: err.code });
        let saved = 0;
        try {
          if (work === 'update') {
            await session.update((fresh) => {
              fresh.n = (fresh.n ?? 0) + 1;
            });
          } else if (work.startsWith('test:')) {
            // In the order of the calls of `save`, which is that of the writes.
            saved = ++this.#saves;
            session[work as 'test:0'] = saved;
            await session.save();
          }
          ack({ code: 'fulfilled', saved });
        } catch (error) {
          ack({ code: this.#model.code(error) });
        }
      });
    });
  }

  #createSession(): SoakSession {
    const id = `soak-${this.#made++}-${this.#settings.seed}`;
    const cookie = { path: '/', httpOnly: true, originalMaxAge: null };
    this.#store.records.set(id, JSON.stringify({ cookie, n: 0 }));
    return {
      id,
      cookie: cookieOf(sign(id, secret)),
      updates: 0,
      unknownUpdates: 0,
      saved: new Map(),
      writtenOverHttp: new Map(),
      endedAt: undefined,
      askedAt: undefined,
    };
  }

  async #connect(): Promise<void> {
    const session = this.#random.pick(this.#sessions);
    const isUpgrading = this.#random.chance(0.05);
    const client = open(this.#url, {
      forceNew: true,
      reconnection: false,
      transports: isUpgrading ? ['polling', 'websocket'] : ['websocket'],
      extraHeaders: { cookie: session.cookie },
    });
    this.#model.count('connections');
    const answered = new Promise<true>((resolve) => {
      client.once('connect', () => resolve(true));
      client.once('connect_error', () => resolve(true));
    });
    const isAnswered = await Promise.race([answered, delay(15_000, false, { ref: false })]);
    if (!isAnswered) this.#model.wrong('a client was neither connected nor refused');
    this.#clients.push({ client, session });
  }

  get #url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** One of the visitors' hands. */
  async #visit(end: number): Promise<void> {
    while (performance.now() < end) {
      if (this.#clients.length < 10) {
        // Those that come are still on their way.
        await delay(20);
        continue;
      }
      const chance = this.#random.next();
      if (chance < 0.82) for (let burst = this.#random.below(4); burst >= 0; burst--) this.#emit();
      else if (chance < 0.9) this.#track(this.#writeOverHttp());
      else if (chance < 0.905) this.#track(this.#endSession());
      else if (chance < 0.96) await this.#replace();
      else this.#vanish();
      await delay(this.#random.below(20));
    }
  }

  #emit(): void {
    // At the end, all clients may be on their way.
    if (this.#clients.length === 0) return;
    const { client, session } = this.#random.pick(this.#clients);
    if (!client.connected) return;
    const number = this.#model.sent();
    const work = this.#random.pick(['read', 'read', 'update', `test:${this.#random.below(3)}`]);
    const since = performance.now();
    const acknowledged = new Promise<void>((resolve) => {
      client.timeout(15_000).emit('do', number, work, (lost: unknown, answer?: Answer) => {
        if (lost) this.#unanswered(session, work);
        else this.#answered(session, { work, since, ...(answer as Answer) });
        resolve();
      });
    });
    this.#track(acknowledged);
  }

  #answered(
    session: SoakSession,
    { work, since, code, saved }: Answer & { work: string; since: number },
  ): void {
    this.#model.count('acknowledgements');
    if (code === 'fulfilled') {
      if (work === 'read') return;
      if (session.endedAt !== undefined && session.endedAt < since) {
        this.#model.wrong(`a ${work} of a session that had ended was fulfilled`);
      }
      if (work === 'update') session.updates++;
      else session.saved.set(work, Math.max(saved, session.saved.get(work) ?? 0));
    } else if (work === 'update') session.unknownUpdates++;
  }

  /** The client left: the work may be done. */
  #unanswered(session: SoakSession, work: string): void {
    this.#model.count('events of clients that left');
    if (work === 'update') session.unknownUpdates++;
  }

  async #writeOverHttp(): Promise<void> {
    const session = this.#random.pick(this.#sessions);
    const number = this.#model.counts['HTTP writes'] ?? 0;
    const key = `h${number}`;
    this.#model.count('HTTP writes');
    const response = await this.#post(`/write?key=${key}&value=${number}`, session);
    if (!response?.ok) return;
    this.#model.count('HTTP writes answered');
    session.writtenOverHttp.set(`test:${key}`, number);
  }

  async #endSession(): Promise<void> {
    const at = this.#random.below(this.#sessions.length);
    const session = this.#sessions[at];
    if (!session || session.askedAt !== undefined) return;
    session.askedAt = performance.now();
    this.#sessions[at] = this.#createSession();
    this.#ended.push(session);
    if (this.#random.chance(0.3)) {
      this.#model.count('expiries');
      this.#store.records.delete(session.id);
      return;
    }
    this.#model.count('logouts');
    const response = await this.#post('/logout', session);
    if (response?.ok && !this.#store.records.has(session.id)) session.endedAt = performance.now();
  }

  readonly #ended: SoakSession[] = [];

  async #post(path: string, { cookie }: SoakSession): Promise<Response | undefined> {
    try {
      const signal = AbortSignal.timeout(5_000);
      const response = await fetch(this.#url + path, {
        method: 'POST',
        headers: { cookie },
        signal,
      });
      await response.text();
      return response;
    } catch {
      this.#model.count('HTTP requests without an answer');
      return undefined;
    }
  }

  /** A client leaves, and another comes. */
  async #replace(): Promise<void> {
    this.#leave().client.disconnect();
    this.#model.count('clients replaced');
    await this.#connect();
  }

  /** A client's connection is cut right behind its event; another comes. */
  #vanish(): void {
    const { client } = this.#leave();
    this.#model.count('clients that vanished');
    if (client.connected) {
      const number = this.#model.sent();
      client.emit('do', number, 'read', () => {});
    }
    client.io.engine?.transport?.close();
    client.disconnect();
    this.#track(this.#connect());
  }

  #leave(): { client: Client } {
    const at = this.#random.below(this.#clients.length);
    const left = this.#clients[at];
    const last = this.#clients.pop();
    if (last && left && last !== left) this.#clients[at] = last;
    if (!left) throw new Error('nobody is there');
    return left;
  }

  /** The store misbehaves for a while, and is well for a while. */
  async #makeTrouble(): Promise<void> {
    while (!this.#isOver) {
      await this.#wait(1_500);
      const kind = this.#random.pick(['slow', 'errors', 'hangs', 'down', 'late']);
      this.#model.count(`store faults: ${kind}`);
      if (kind === 'slow') this.#store.trouble({ latency: latencies.heavyTailed(2, 300) });
      if (kind === 'errors') {
        this.#store.trouble({
          latency: latencies.exponential(5),
          rates: { error: 0.1, double: 0.05 },
          operations: ['get', 'touch'],
        });
      }
      if (kind === 'hangs')
        this.#store.trouble({ rates: { hang: 0.02, 'hang after effect': 0.02 } });
      if (kind === 'late') this.#store.trouble({ rates: { late: 0.03 }, lateness: 600 });
      if (kind === 'down') this.#store.disconnect();
      await this.#wait(800);
      this.#store.calm();
    }
  }

  async #wait(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    while (performance.now() < end && !this.#isOver) await delay(50);
  }

  async #measureWhenWarm(seconds: number): Promise<number> {
    await delay(seconds * 400);
    return heapUsed();
  }

  #track(work: Promise<unknown>): void {
    this.#pending.add(work);
    void work.finally(() => this.#pending.delete(work));
  }

  /** Waits for repairs: one that failed is tried again after a pause that grows. */
  async #untilRepaired(): Promise<void> {
    const end = performance.now() + 20_000;
    while (this.#storeMistakes().length > 0 && performance.now() < end) await delay(100);
  }

  #storeMistakes(): string[] {
    return [...this.#sessions, ...this.#ended].flatMap((session) =>
      this.#model.mistakesOf(session, this.#store.record(session.id)),
    );
  }

  #checkEnd(): void {
    for (const mistake of this.#storeMistakes()) this.#model.wrong(mistake);
    if (this.#model.open > 0) {
      this.#model.wrong(`${this.#model.open} events arrived, and no listener was called`);
    }
  }

  #report(error: unknown): void {
    const code = String(Reflect.get(Object(error), 'code') ?? error);
    this.#reported[code] = (this.#reported[code] ?? 0) + 1;
  }

  /** Closes the library while the clients go on; nobody may be called with a session then. */
  async #stop(): Promise<void> {
    this.#expressionIO.close();
    this.#model.close();
    for (let last = 0; last < 50; last++) this.#emit();
    await delay(200);
    for (const { client } of this.#clients) client.disconnect();
    this.#http.closeAllConnections();
    await this.#io.close();
    this.#store.close();
  }
}

/** What is in use after everything else was collected, where that can be asked for. */
function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}
