/**
 * @module A class that behaves as Socket.IO's socket does: flags, getters and methods that return itself.
 */

import { type MethodTable, SocketProxies } from '../../source/sockets/socket-proxies.js';

/** `SocketProxies`, which see no difference between a fake socket and a real one. */
export interface FakeProxies {
  of(raw: FakeSocket): FakeSocket;
  rawOf(value: FakeSocket): FakeSocket;
}

/** Makes prototyped sockets of fake sockets. */
export function fakeProxies(table: MethodTable): FakeProxies {
  return new SocketProxies(table) as unknown as FakeProxies;
}

/** Takes the place of Socket.IO's socket where a test needs no connection. */
export class FakeSocket {
  flags: Record<string, unknown> = {};
  sent: unknown[] = [];
  readonly self = 'a value';

  get volatile(): this {
    this.flags.volatile = true;
    return this;
  }

  get size(): number {
    return this.sent.length;
  }

  set onlySent(value: number) {
    this.sent = [value];
  }

  timeout(value: number): this {
    this.flags.timeout = value;
    return this;
  }

  emit(value: unknown): boolean {
    this.sent.push([value, this.flags]);
    this.flags = {};
    return true;
  }

  seal(): void {
    this.emit = () => false;
  }

  get itself(): this {
    return this;
  }

  me(): unknown {
    return this;
  }

  later(): Promise<this> {
    return Promise.resolve(this);
  }
}
