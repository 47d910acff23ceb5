/**
 * @module A TCP proxy in front of a server that delays, cuts, half-closes and swallows what passes
 * through it, as networks and mobile phones do.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** One connection through the proxy. */
interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
}

/** Forwards connections to a port of this machine. */
export class TroubledProxy {
  /** How long each piece of data is kept back, in milliseconds, in both directions. */
  delay = 0;
  /** How many pieces each piece of data is cut into. */
  pieces = 1;
  /** Whether new connections are refused: accepted and reset at once. */
  isDown = false;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #isSilent = false;
  #accepted = 0;

  /** Starts a proxy on a free port. */
  static async start(targetPort: number): Promise<TroubledProxy> {
    const proxy = new TroubledProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(targetPort: number) {
    // A half-closed connection stays half open.
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      this.#accepted++;
      if (this.isDown) {
        client.on('error', () => {});
        client.resetAndDestroy();
        return;
      }
      const upstream = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
      this.#join({ client, upstream });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many connections are open. */
  get open(): number {
    return this.#links.size;
  }

  /** How many connections there were. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Resets all connections, as a router does that was switched off and on. */
  cut(): void {
    for (const { client, upstream } of this.#links) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  }

  /** Ends the direction from the clients to the server, and leaves the other one open. */
  halfClose(): void {
    for (const { upstream } of this.#links) upstream.end();
  }

  /** Swallows everything in both directions and tells nobody: half-open connections. */
  silence(): void {
    this.#isSilent = true;
  }

  /** Passes things on again; what was swallowed is gone, so the connections are cut. */
  heal(): void {
    this.isDown = false;
    this.delay = 0;
    this.pieces = 1;
    if (!this.#isSilent) return;
    this.#isSilent = false;
    this.cut();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(link: Link): void {
    const { client, upstream } = link;
    this.#links.add(link);
    this.#forward(client, upstream);
    this.#forward(upstream, client);
    for (const socket of [client, upstream]) {
      // What an error says, the `close` after it tells as well.
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#links.delete(link);
        client.destroy();
        upstream.destroy();
      });
    }
  }

  #forward(from: Socket, to: Socket): void {
    let due = 0;
    const pass = (run: () => void): void => {
      // In order, also where the delay has become shorter meanwhile.
      due = Math.max(due, performance.now() + this.delay);
      const wait = due - performance.now();
      if (wait < 1) run();
      else setTimeout(run, wait);
    };
    from.on('data', (data) => {
      if (this.#isSilent) return;
      const size = Math.max(1, Math.ceil(data.length / this.pieces));
      for (let at = 0; at < data.length; at += size) {
        const piece = data.subarray(at, at + size);
        pass(() => to.writable && to.write(piece));
      }
    });
    from.on('end', () => pass(() => to.end()));
  }
}
