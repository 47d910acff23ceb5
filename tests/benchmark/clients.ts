/**
 * @module The process of the clients: fleets of connections, each to one server, that keep events in
 * flight and time them. Must not know what the server does with an event.
 */

import { io as connect, type Socket } from 'socket.io-client';
import { serve } from './serve.js';
import { percentile } from './statistics.js';

/** What the clients of a fleet found while they were timed. Latencies are in milliseconds. */
export interface Timings {
  readonly events: number;
  readonly p50: number;
  readonly p99: number;
}

/** What the clients can be asked for. */
export type ClientCommands = typeof commands;

interface Settings {
  readonly port: number;
  readonly cookies: readonly string[];
}

/** The connections to one server. The `n`th has the `n`th session. */
class Fleet {
  #sockets: Socket[] = [];
  #isSending = false;
  #inFlight = 0;
  /** Undefined while the events are not timed. */
  #latencies: number[] | undefined;
  #failure: string | undefined;

  /** Opens all at once; tells how many seconds it took until the last had a connection. */
  async open({ port, cookies }: Settings): Promise<number> {
    const before = performance.now();
    this.#sockets = cookies.map((cookie) =>
      connect(`http://127.0.0.1:${port}`, {
        transports: ['websocket'],
        forceNew: true,
        reconnection: false,
        extraHeaders: { cookie },
      }),
    );
    await Promise.all(this.#sockets.map(opened));
    for (const socket of this.#sockets) {
      socket.once('disconnect', (reason) => this.#fail(`A client was disconnected: ${reason}`));
    }
    return (performance.now() - before) / 1000;
  }

  /** Has each client ask once; the answers must come from their own sessions. */
  async probe(): Promise<void> {
    const answers = await Promise.all(
      this.#sockets.map((socket, n) => socket.timeout(5_000).emitWithAck('read', { n })),
    );
    if (answers.some((answer, n) => answer !== n)) {
      throw new Error(`Clients got wrong answers, such as ${answers[0]}`);
    }
  }

  /** Has each client send, and keep so many events in flight. */
  start(inFlight: number): void {
    this.#isSending = true;
    for (const [n, socket] of this.#sockets.entries()) {
      for (let count = 0; count < inFlight; count += 1) this.#send(socket, n);
    }
  }

  /** Times the events from now on. */
  time(): void {
    this.#latencies = [];
  }

  /** Times no more; tells what was timed. */
  report(): Timings {
    const latencies = Float64Array.from(this.#latencies ?? []).sort();
    this.#latencies = undefined;
    return {
      events: latencies.length,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
    };
  }

  /**
   * Sends no more, and waits for what is in flight.
   *
   * @throws {Error} that a client was disconnected, or got a wrong answer
   */
  async stop(): Promise<void> {
    this.#isSending = false;
    while (this.#inFlight > 0 && !this.#failure) await tick();
    if (this.#failure) throw new Error(this.#failure);
  }

  close(): void {
    for (const socket of this.#sockets) socket.off('disconnect').disconnect();
    this.#sockets = [];
  }

  #send(socket: Socket, n: number): void {
    this.#inFlight += 1;
    const sent = performance.now();
    socket.emit('read', { n }, (answer: number) => {
      this.#latencies?.push(performance.now() - sent);
      this.#inFlight -= 1;
      if (answer !== n) this.#fail(`Client ${n} got the answer ${answer}`);
      if (this.#isSending) this.#send(socket, n);
    });
  }

  #fail(failure: string): void {
    this.#failure ??= failure;
  }
}

const fleets = new Map<string, Fleet>();

const commands = {
  open(name: string, settings: Settings): Promise<number> {
    const fleet = new Fleet();
    fleets.set(name, fleet);
    return fleet.open(settings);
  },
  probe: (name: string): Promise<void> => fleetOf(name).probe(),
  start: (name: string, inFlight: number): void => fleetOf(name).start(inFlight),
  time: (name: string): void => fleetOf(name).time(),
  report: (name: string): Timings => fleetOf(name).report(),
  stop: (name: string): Promise<void> => fleetOf(name).stop(),
  close(name: string): void {
    fleetOf(name).close();
    fleets.delete(name);
    globalThis.gc?.();
  },
};

function fleetOf(name: string): Fleet {
  const fleet = fleets.get(name);
  if (fleet === undefined) throw new Error(`There is no fleet ${name}`);
  return fleet;
}

function opened(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
    socket.once('disconnect', (reason) => reject(new Error(`Disconnected at once: ${reason}`)));
  });
}

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

serve(commands);
