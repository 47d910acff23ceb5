/**
 * @module A client that costs next to nothing: frames made once and sent many at a time, answers
 * compared with the one that is right, byte by byte, and never parsed while they are counted.
 */

import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Latencies } from './latencies.js';
import {
  clientFrame,
  connectFrame,
  frameLength,
  frameText,
  handshakeHeaders,
  handshakePath,
  pongFrame,
  serverFrame,
} from './web-socket.js';

interface ConnectionSettings {
  readonly port: number;
  readonly cookie: string;
  /** The number of the session, which the server must answer. */
  readonly n: number;
  readonly latencies: Latencies;
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

const nothing: Buffer = Buffer.alloc(0);

/** All connections read into this one: what is left of it after a call is copied. */
const readBuffer: Buffer = Buffer.alloc(64 * 1024);

/** A connection of Socket.IO over a raw WebSocket. */
export class Connection {
  /** Why this connection is of no more use. */
  failure: Error | undefined;

  readonly #settings: ConnectionSettings;
  readonly #event: Buffer;
  readonly #answer: Buffer;
  #socket!: Socket;
  /** As many events as may be in flight. */
  #burst = nothing;
  /** When the events in flight were sent: the oldest is at `#oldest`. */
  #sent = new Float64Array(1);
  #oldest = 0;
  #inFlight = 0;
  #isSending = false;
  #isUpgraded = false;
  /** The beginning of a frame whose end has not come. */
  #rest = nothing;
  #waiter: Waiter | undefined;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
    // Any event may have the acknowledgement's id 0: the answers of a connection come in order.
    this.#event = clientFrame(`420["work",{"n":${settings.n}}]`);
    this.#answer = serverFrame(`430[${settings.n}]`);
  }

  /** Whether events are in flight whose answers will come. */
  get isWaiting(): boolean {
    return this.#inFlight > 0 && this.failure === undefined;
  }

  /** Connects, until Socket.IO has agreed. */
  async open(): Promise<void> {
    const { port, cookie } = this.#settings;
    const onread = {
      buffer: readBuffer,
      callback: (length: number): boolean => {
        this.#receive(readBuffer.subarray(0, length));
        return true;
      },
    };
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('A client was disconnected')));
    const headers = Object.entries(handshakeHeaders(cookie)).map(
      ([key, value]) => `${key}: ${value}`,
    );
    this.#socket.write(`GET ${handshakePath} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
    await this.#settled();
  }

  /** Sends an event, and reads its answer. */
  async probe(): Promise<void> {
    this.#socket.write(this.#event);
    await this.#settled();
  }

  /** Keeps so many events in flight. */
  start(inFlight: number): void {
    this.#burst = Buffer.concat(Array(inFlight).fill(this.#event));
    this.#sent = new Float64Array(inFlight);
    this.#oldest = 0;
    this.#isSending = true;
    this.#send(inFlight, performance.now());
  }

  /** Sends no more. */
  pause(): void {
    this.#isSending = false;
  }

  close(): void {
    this.#socket.removeAllListeners('close').destroy();
  }

  #settled(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  #fail(error: Error): void {
    this.failure ??= error;
    this.#waiter?.reject(error);
  }

  #receive(chunk: Buffer): void {
    const data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = this.#isUpgraded ? 0 : this.#readUpgrade(data);
    let answers = 0;
    for (;;) {
      const length = frameLength(data, at);
      if (length === undefined || at + length > data.length) break;
      if (this.#inFlight > answers && this.#isAnswer(data, at, length)) answers += 1;
      else this.#readFrame(data.subarray(at, at + length));
      at += length;
    }
    this.#rest = at < data.length ? Buffer.from(data.subarray(at)) : nothing;
    if (answers > 0) this.#count(answers);
  }

  /** Tells where the frames begin. */
  #readUpgrade(data: Buffer): number {
    const end = data.indexOf('\r\n\r\n');
    // An answer of the server to a handshake comes as a whole, and with `101` where it agrees.
    if (end === -1 || !data.toString('latin1', 0, 16).startsWith('HTTP/1.1 101')) {
      this.#fail(new Error(`Expected an upgrade, got ${data.toString('latin1', 0, 60)}`));
      return data.length;
    }
    this.#isUpgraded = true;
    return end + 4;
  }

  #isAnswer(data: Buffer, at: number, length: number): boolean {
    const answer = this.#answer;
    if (length !== answer.length) return false;
    for (let index = 0; index < length; index += 1) {
      if (data[at + index] !== answer[index]) return false;
    }
    return true;
  }

  /** Reads a frame that is not counted. */
  #readFrame(frame: Buffer): void {
    const text = frameText(frame) ?? 'a frame that is not text';
    if (text.startsWith('0{')) this.#socket.write(connectFrame);
    else if (text === '2') this.#socket.write(pongFrame);
    else if (text.startsWith('40') || text === `430[${this.#settings.n}]`) this.#waiter?.resolve();
    else this.#fail(new Error(`Client ${this.#settings.n} got ${text.slice(0, 60)}`));
  }

  #count(answers: number): void {
    const now = performance.now();
    this.#inFlight -= answers;
    for (let index = 0; index < answers; index += 1) {
      const slot = (this.#oldest + index) % this.#sent.length;
      this.#settings.latencies.add(now - (this.#sent[slot] ?? 0));
    }
    this.#oldest = (this.#oldest + answers) % this.#sent.length;
    if (this.#isSending) this.#send(answers, now);
  }

  #send(count: number, now: number): void {
    // The slots of those that were answered last are free.
    for (let index = 0; index < count; index += 1) {
      this.#sent[(this.#oldest + this.#inFlight + index) % this.#sent.length] = now;
    }
    this.#inFlight += count;
    this.#socket.write(this.#burst.subarray(0, count * this.#event.length));
  }
}
