/**
 * @module Connections without a network: what a client sends is given to Socket.IO as Engine.IO gives
 * it, so that a hundred thousand handshakes and packets take a minute. All behind it is real.
 */

import { EventEmitter } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket as NetSocket } from 'node:net';
import type { Server } from 'socket.io';

/** What a client sends to open a connection. */
export interface WireRequest {
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly query?: Readonly<Record<string, unknown>>;
}

let connections = 0;
/** All requests may come from one address. */
const netSocket = new NetSocket();

/** One connection, as Engine.IO shows it to Socket.IO. */
export class Wire extends EventEmitter {
  readonly id = `wire-${connections++}`;
  readonly protocol = 4;
  readonly remoteAddress = '127.0.0.1';
  readonly transport = { name: 'websocket', writable: true };
  readonly request: IncomingMessage;
  readyState: 'open' | 'closed' = 'open';
  /** What the server has sent, as it is encoded. */
  readonly sent: unknown[] = [];
  #heard = (): void => {};

  /** Opens a connection to a server. */
  constructor(io: Server, { headers = {}, query = {} }: WireRequest = {}) {
    super();
    this.request = new IncomingMessage(netSocket);
    this.request.url = '/socket.io/?EIO=4&transport=websocket';
    this.request.headers = Object.fromEntries(
      Object.entries(headers).filter(([, value]) => value !== undefined),
    );
    Reflect.set(this.request, '_query', { EIO: '4', transport: 'websocket', ...query });
    io.engine.emit('connection', this);
  }

  /** The client sends a packet, as it is encoded. */
  receive(packet: string | Buffer): void {
    this.emit('data', packet);
  }

  /** Waits until the server has sent something that `isWanted` accepts; tells it, or that it closed. */
  async answer(isWanted: (packet: string) => boolean): Promise<string | undefined> {
    for (;;) {
      const found = this.sent.find(
        (packet): packet is string => typeof packet === 'string' && isWanted(packet),
      );
      if (found !== undefined || this.readyState === 'closed') return found;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** Connects to a namespace; tells the packet that answers. */
  async join(namespace = '/', auth?: string): Promise<string | undefined> {
    const path = namespace === '/' ? '' : `${namespace},`;
    this.receive(`0${path}${auth ?? ''}`);
    return this.answer((packet) => packet.startsWith(`0${path}`) || packet.startsWith(`4${path}`));
  }

  /** What Socket.IO calls to send. */
  write(packet: unknown): void {
    this.sent.push(packet);
    this.#heard();
  }

  /** What Socket.IO calls to close, and what a client does that leaves. */
  close(): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    this.emit('close', 'transport close');
    this.#heard();
  }
}
