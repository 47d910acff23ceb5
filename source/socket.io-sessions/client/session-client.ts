/**
 * @module Connects a page with its visitor's session, by tickets that it fetches itself. The server
 * sends this module to pages as it is, so it imports only types and exports one function.
 */

import type { ManagerOptions, Socket, SocketOptions } from 'socket.io-client';

/** The options of Socket.IO's client, and the address that tickets are fetched from. */
export interface SessionClientOptions extends Partial<ManagerOptions & SocketOptions> {
  /**
   * The address that answers a `POST` with a ticket.
   *
   * @default 'socket.io-sessions.json' below the server's path, which `enable` serves
   */
  ticketUrl?: string | undefined;
}

/** A ticket, or a function that is called for one before each connection. */
export type TicketSource = string | (() => string | Promise<string>);

/** Connects with the visitor's session: like `io()`, with a ticket. */
export interface ConnectWithSession {
  (url?: string, options?: SessionClientOptions): Socket;
  (options?: SessionClientOptions): Socket;
}

/** Makes a socket that sends a ticket. */
export type SessionSocketConstructor = new (
  ticket: TicketSource,
  url?: string,
  options?: SessionClientOptions,
) => Socket;

/** What the client script gives a page. */
export interface SessionClient {
  readonly connectWithSession: ConnectWithSession;
  readonly SessionSocket: SessionSocketConstructor;
}

/** A ticket that came with the script, and its lifetime in milliseconds. */
export interface GivenTicket {
  readonly ticket: string;
  readonly lifetime: number;
}

/** The function `io` of Socket.IO's client. */
type Connect = (url?: string, options?: Partial<ManagerOptions & SocketOptions>) => Socket;

/** The option `auth` of Socket.IO's client. */
type Auth = object | ((send: (data: object) => void) => void) | undefined;

/** Exists only in browsers; other clients pass an absolute address. */
declare const location: { readonly origin: string; readonly protocol: string } | undefined;

/**
 * Makes the session client on top of Socket.IO's client.
 *
 * @param io the function `io` of any build of Socket.IO's client
 * @param given a ticket for the first connection
 */
export function sessionClient(io: Connect, given?: GivenTicket): SessionClient {
  // `Date.now()`, because `performance.now()` does not advance while the computer sleeps.
  const expiry = Date.now() + (given?.lifetime ?? 0);
  let unused = given?.ticket;

  /** The ticket that came with the script: once, and until it expires. */
  function takeGiven(): string | undefined {
    const ticket = Date.now() < expiry ? unused : undefined;
    unused = undefined;
    return ticket;
  }

  function connectWithSession(
    url?: string | SessionClientOptions,
    options?: SessionClientOptions,
  ): Socket {
    if (typeof url === 'object') return connectWithSession(undefined, url);
    const settings = { ...options };
    const address = ticketAddress(url, settings);
    return connect(url, settings, async () => takeGiven() ?? (await fetchTicket(address)));
  }

  /** The object that a constructor returns replaces the one that `new` made. */
  function SessionSocket(
    source: TicketSource,
    url?: string,
    options?: SessionClientOptions,
  ): Socket {
    const settings = { ...options };
    if (typeof source === 'function') return connect(url, settings, async () => source());
    if (typeof source !== 'string' || source === '') {
      throw new TypeError(
        `\`SessionSocket\`: expected a ticket, or a function that fetches one, got ${source === '' ? 'an empty string' : typeof source}`,
      );
    }
    const address = ticketAddress(url, settings);
    let first: string | undefined = source;
    return connect(url, settings, async () => {
      const ticket = first ?? (await fetchTicket(address).catch(() => undefined));
      first = undefined;
      // For an expired ticket the server's error says more than for a missing one.
      return ticket ?? source;
    });
  }

  /** Calls `io` with the options, and adds a ticket to `auth` as `auth.session`. */
  function connect(
    url: string | undefined,
    { ticketUrl: _, ...options }: SessionClientOptions,
    nextTicket: () => Promise<string | undefined>,
  ): Socket {
    const { auth } = options;
    let calls = 0;
    async function authWithTicket(this: Socket, send: (data: object) => void): Promise<void> {
      const { engine } = this.io;
      calls += 1;
      const call = calls;
      // Without a ticket, the server reports what is missing.
      const ticket = await nextTicket().catch(() => undefined);
      const data = {
        ...(await readAuth(auth)),
        ...(ticket === undefined ? {} : { session: ticket }),
      };
      // Meanwhile the socket may have been disconnected, or its connection lost and replaced by another
      // one: the server would connect it twice.
      if (call === calls && this.active && this.io.engine === engine) send(data);
    }
    return io(url, { ...options, auth: authWithTicket });
  }

  return {
    connectWithSession,
    // A function with the same parameters, whose result replaces what `new` made.
    SessionSocket: SessionSocket as unknown as SessionSocketConstructor,
  };
}

/** The value of the `auth` option that the page passed. */
async function readAuth(auth: Auth): Promise<object> {
  if (typeof auth !== 'function') return auth ?? {};
  return new Promise((resolve) => auth(resolve));
}

/** Fetches a ticket; none is given to a visitor without a session, or to a page on another origin. */
async function fetchTicket(address: string): Promise<string | undefined> {
  const response = await fetch(address, {
    method: 'POST',
    credentials: 'include',
    signal: AbortSignal.timeout(20_000),
  });
  if (!response.ok) return undefined;
  const { ticket } = (await response.json()) as { ticket?: string };
  return ticket;
}

/** The address that answers with tickets for a socket. */
function ticketAddress(url: string | undefined, options: SessionClientOptions): string {
  const { path = '/socket.io', ticketUrl } = options;
  return ticketUrl ?? `${originOf(url)}${path.replace(/\/$/, '')}/socket.io-sessions.json`;
}

/** The origin of an address as `io` takes it: `/chat` is a namespace on the page's own server. */
function originOf(url: string | undefined): string {
  const page = typeof location === 'undefined' ? undefined : location;
  if (url === undefined || /^\/(?!\/)/.test(url)) return page?.origin ?? '';
  const full = /^(https?|wss?):\/\//.test(url)
    ? url.replace(/^ws/, 'http')
    : `${page?.protocol ?? 'https:'}//${url.replace(/^\/\//, '')}`;
  return new URL(full).origin;
}
