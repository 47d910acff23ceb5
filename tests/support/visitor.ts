/**
 * @module A visitor of an example, as far as a server can tell: requests and sockets that share the
 * cookies of one browser.
 */

import { io, type Socket } from 'socket.io-client';

export class Visitor {
  readonly #address: string;
  readonly #cookies = new Map<string, string>();
  readonly #sockets: Socket[] = [];

  /** @param address of the example, without a slash at its end */
  constructor(address: string) {
    this.#address = address;
  }

  /** The `Cookie` header as it is now. */
  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  get(path: string): Promise<Response> {
    return this.#fetch(path, {});
  }

  /** Sends a form, if any. A redirect is returned, not followed. */
  post(path: string, form?: Record<string, string>): Promise<Response> {
    return this.#fetch(path, { method: 'POST', body: form ? new URLSearchParams(form) : null });
  }

  /**
   * Opens a tab: a connection of its own, which sends the cookies as they are at each handshake.
   *
   * @param options of socket.io-client
   */
  open(namespace = '', options: Record<string, unknown> = {}): Socket {
    const socket = io(this.#address + namespace, {
      forceNew: true,
      transports: ['websocket'],
      reconnectionDelay: 20,
      extraHeaders: { cookie: this.cookie },
      ...options,
    });
    socket.io.on('reconnect_attempt', () => {
      socket.io.opts.extraHeaders = { cookie: this.cookie };
    });
    this.#sockets.push(socket);
    return socket;
  }

  /** Closes all tabs. */
  leave(): void {
    for (const socket of this.#sockets.splice(0)) socket.disconnect();
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = { cookie: this.cookie };
    const response = await fetch(this.#address + path, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    // express-session keeps the end of a response back until the session is saved.
    await response.clone().arrayBuffer();
    return response;
  }
}
