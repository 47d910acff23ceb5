/**
 * @module The load without the network. Connections are made through the server's own `upgrade`
 * event over streams in memory; events are given to Socket.IO's `_onpacket`, and acknowledgements
 * are counted where Socket.IO would encode and write them.
 */

import { type Server as HttpServer, IncomingMessage } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Server } from 'socket.io';
import { closeFrame, connectFrame, handshakeHeaders, handshakePath } from './web-socket.js';

/** A packet of Socket.IO, as `socket.io-parser` makes it. */
interface Packet {
  readonly type: number;
  readonly nsp: string;
  readonly id: number;
  readonly data: unknown[];
}

/** The members of a raw socket that are not public: there is no other way past the transport. */
interface SocketInternals {
  readonly client: { _packet?(packet: Packet): void };
  _onpacket(packet: Packet): void;
}

const eventType = 2;
const ackType = 3;

/** Upgrades in one turn of the event loop: about as many as a listening socket accepts. */
const upgradesPerTurn = 20;

/** Connects a client for each cookie, over memory. */
export async function openInside(http: HttpServer, cookies: readonly string[]): Promise<void> {
  for (const [index, cookie] of cookies.entries()) {
    const wire = new Wire();
    // Engine.IO and ws only use what a `Duplex` has, and what `Wire` adds.
    const request = new IncomingMessage(wire as unknown as NetSocket);
    Object.assign(request, { method: 'GET', url: handshakePath });
    request.headers = handshakeHeaders(cookie);
    http.emit('upgrade', request, wire, Buffer.alloc(0));
    if (index % upgradesPerTurn === 0) await nextTurn();
  }
}

/** The server's end of a connection in memory, whose client opens the main namespace. */
class Wire extends Duplex {
  readonly remoteAddress = '127.0.0.1';

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    // The payload of Engine.IO's `open` packet, which is when a client may send.
    if (chunk[0] === 0x30) this.#answer(connectFrame);
    if (chunk[0] === 0x88) this.#answer(closeFrame);
    callback();
  }

  override _final(callback: () => void): void {
    this.push(null);
    callback();
  }

  /** Not at once, as no network would; and with a copy, since ws unmasks frames in place. */
  #answer(frame: Buffer): void {
    setImmediate(() => this.push(Buffer.from(frame)));
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }
}

/**
 * Keeps events in flight on the sockets of a server. What was acknowledged in a turn of the event
 * loop is sent again at the next, as events come in from a network.
 */
export class InsideLoad {
  readonly #sockets: readonly SocketInternals[];
  readonly #messages: readonly { readonly n: number }[];
  /** The connections that each have another event to send. */
  #due: number[] = [];
  #isScheduled = false;
  #isSending = false;
  #inFlight = 0;
  #failure: string | undefined;
  #atTurn: (() => void)[] = [];

  /** @param cookies of the clients: the `n`th has the `n`th session */
  constructor(io: Server, cookies: readonly string[]) {
    const found = new Map(
      [...io.of('/').sockets.values()].map((socket) => [socket.handshake.headers.cookie, socket]),
    );
    this.#messages = cookies.map((_, n) => ({ n }));
    this.#sockets = cookies.map((cookie, n) => {
      const socket = found.get(cookie) as unknown as SocketInternals;
      socket.client._packet = (packet) => this.#receive(packet, n);
      return socket;
    });
  }

  start(inFlight: number): void {
    this.#isSending = true;
    for (let count = 0; count < inFlight; count += 1) {
      for (const n of this.#sockets.keys()) this.#due.push(n);
    }
    this.#schedule();
  }

  /** Calls a function as the next turn begins: where the load is in lockstep, nothing is in flight. */
  atNextTurn(task: () => void): void {
    this.#atTurn.push(task);
  }

  /**
   * Sends no more, and waits for what is in flight.
   *
   * @throws {Error} that there was a wrong answer
   */
  async stop(): Promise<void> {
    this.#isSending = false;
    while (this.#inFlight > 0) await nextTurn();
    this.#due = [];
    // The method of the prototype again.
    for (const { client } of this.#sockets) delete client._packet;
    if (this.#failure) throw new Error(this.#failure);
  }

  #turn(): void {
    this.#isScheduled = false;
    for (const task of this.#atTurn.splice(0)) task();
    if (!this.#isSending) return;
    const due = this.#due;
    this.#due = [];
    this.#inFlight += due.length;
    for (const n of due) {
      const data = ['work', this.#messages[n]];
      this.#sockets[n]?._onpacket({ type: eventType, nsp: '/', id: 0, data });
    }
  }

  #receive(packet: Packet, n: number): void {
    if (packet.type !== ackType || packet.data[0] !== n) {
      this.#failure ??= `Client ${n} got the answer ${JSON.stringify(packet)}`;
    }
    this.#inFlight -= 1;
    this.#due.push(n);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#turn());
  }
}
