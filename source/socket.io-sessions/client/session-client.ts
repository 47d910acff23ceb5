/**
 * @module Connects a page with its visitor's session: by tickets, which it fetches itself. Served to
 * pages as it is, so it imports nothing and exports one function; knows Socket.IO's client by what it
 * is given.
 */

import type { ManagerOptions, Socket, SocketOptions } from 'socket.io-client';

/** The options of Socket.IO's own client, and where tickets come from. */
export interface SessionClientOptions extends Partial<ManagerOptions & SocketOptions> {
  /**
   * Where a `POST` is answered with a ticket.
   *
   * @default 'socket.io-sessions.json' below the server's path, which `enable` answers
   */
  ticketUrl?: string | undefined;
}

/** A ticket, or what fetches one: it is asked before each connection. */
export type TicketSource = string | (() => string | Promise<string>);

/** Connects with the visitor's session: what `io()` does, with a ticket. */
export interface ConnectWithSession {
  (url?: string, options?: SessionClientOptions): Socket;
  (options?: SessionClientOptions): Socket;
}

/** Makes a socket that shows a ticket. */
export type SessionSocketConstructor = new (
  ticket: TicketSource,
  url?: string,
  options?: SessionClientOptions,
) => Socket;

/** What a page is given. */
export interface SessionClient {
  readonly connectWithSession: ConnectWithSession;
  readonly SessionSocket: SessionSocketConstructor;
}

/** A ticket that came with the script, good for so many milliseconds. */
export interface GivenTicket {
  readonly ticket: string;
  readonly lifetime: number;
}

/** The function `io` of Socket.IO's client. */
type Connect = (url?: string, options?: Partial<ManagerOptions & SocketOptions>) => Socket;

/** What `auth` of Socket.IO's client may be. */
type Auth = object | ((send: (data: object) => void) => void) | undefined;

/** Browsers have it; other clients don't, and say where to connect to. */
declare const location: { readonly origin: string; readonly protocol: string } | undefined;

/**
 * Makes the client on top of Socket.IO's own.
 *
 * @param io the function of that name, of whichever build
 * @param given a ticket for the first connection
 */
export function sessionClient(io: Connect, given?: GivenTicket): SessionClient {
  // The clock of the page, which may have been asleep: that of `performance` stands still then.
  const expiry = Date.now() + (given?.lifetime ?? 0);
  let own = given?.ticket;

  /** The ticket that came with the script, once, and while it is good. */
  function takeOwn(): string | undefined {
    const ticket = Date.now() < expiry ? own : undefined;
    own = undefined;
    return ticket;
  }

  function connectWithSession(
    url?: string | SessionClientOptions,
    options?: SessionClientOptions,
  ): Socket {
    if (typeof url === 'object') return connectWithSession(undefined, url);
    const terms = { ...options };
    const address = ticketAddress(url, terms);
    return connect(url, terms, async () => takeOwn() ?? (await fetchTicket(address)));
  }

  /** What a constructor returns takes the place of what `new` made. */
  function SessionSocket(
    source: TicketSource,
    url?: string,
    options?: SessionClientOptions,
  ): Socket {
    const terms = { ...options };
    if (typeof source === 'function') return connect(url, terms, async () => source());
    if (typeof source !== 'string' || source === '') {
      throw new TypeError(
        `\`SessionSocket\`: expected a ticket, or a function that fetches one, got ${source === '' ? 'an empty text' : typeof source}`,
      );
    }
    const address = ticketAddress(url, terms);
    let first: string | undefined = source;
    return connect(url, terms, async () => {
      const ticket = first ?? (await fetchTicket(address).catch(() => undefined));
      first = undefined;
      // The old one has expired, of which the server's answer tells more than of none at all.
      return ticket ?? source;
    });
  }

  /** Connects with what `io` would be given, and a ticket in `auth.session`. */
  function connect(
    url: string | undefined,
    { ticketUrl: _, ...options }: SessionClientOptions,
    nextTicket: () => Promise<string | undefined>,
  ): Socket {
    const { auth } = options;
    let turn = 0;
    const authWithTicket = async (send: (data: object) => void) => {
      turn += 1;
      const mine = turn;
      // Without a ticket it is the server who says what is wrong.
      const ticket = await nextTicket().catch(() => undefined);
      const data = {
        ...(await readAuth(auth)),
        ...(ticket === undefined ? {} : { session: ticket }),
      };
      // Meanwhile the connection may have been lost and another one made, which asked again.
      if (mine === turn) send(data);
    };
    return io(url, { ...options, auth: authWithTicket });
  }

  return {
    connectWithSession,
    SessionSocket: SessionSocket as unknown as SessionSocketConstructor,
  };
}

/** What the page's own `auth` has to say. */
async function readAuth(auth: Auth): Promise<object> {
  if (typeof auth !== 'function') return auth ?? {};
  return new Promise((resolve) => auth(resolve));
}

/** Asks for a ticket; there is none for a visitor without a session, or for a foreign page. */
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

/** Where the server of a socket answers with tickets. */
function ticketAddress(url: string | undefined, options: SessionClientOptions): string {
  const { path = '/socket.io', ticketUrl } = options;
  return ticketUrl ?? `${originOf(url)}${path.replace(/\/$/, '')}/socket.io-sessions.json`;
}

/** The origin of a server, by an address as `io` takes it: `/chat` is a namespace of the page's own. */
function originOf(url: string | undefined): string {
  const page = typeof location === 'undefined' ? undefined : location;
  if (url === undefined || /^\/(?!\/)/.test(url)) return page?.origin ?? '';
  const full = /^(https?|wss?):\/\//.test(url)
    ? url.replace(/^ws/, 'http')
    : `${page?.protocol ?? 'https:'}//${url.replace(/^\/\//, '')}`;
  return new URL(full).origin;
}
