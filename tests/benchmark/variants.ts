/**
 * @module The ways to a session in a socket that are compared: their names and labels. How each is
 * installed is in `installations.ts`.
 */

/** A way to a session. */
export interface Variant {
  readonly label: string;
  /** Whether it is this library. */
  readonly isOurs?: true;
  /** What a reader must know to compare fairly. */
  readonly note?: string;
}

/** All variants, in the order of the tables. The first is what the others are compared with. */
export const variants = {
  bare: { label: 'bare', note: 'a `socket.on` that answers, without a session' },
  storeGet: {
    label: 'store.get',
    note: 'bare and one `store.get` per event, without a session object, order or checks; to save, it sets the record',
  },
  byHand: {
    label: 'by hand',
    note: 'only connects: a middleware that parses the cookie and reads the session, and a room named by the hash of its id, which is the least that it takes to find sockets by their session',
  },
  recipe: {
    label: 'official recipe',
    note: '`io.engine.use(sessionMiddleware)` and `req.session.reload()` per event, as in Socket.IO’s “How to use with express-session”',
  },
  getSession: { label: 'session.socket.io', note: '`getSession()` per event' },
  autoSave: {
    label: 'express-socket.io-session',
    note: 'not comparable: reads the session once, as the client connects, and saves after each event (`autoSave`)',
  },
  ours: {
    label: 'expression.socket.io',
    isOurs: true,
    note: '`sessOn`; on Redis with `...redis(client)`',
  },
} as const satisfies Record<string, Variant>;

/** The name of a variant. */
export type VariantName = keyof typeof variants;

/** Names a variant as the tables do. */
export function labelOf(name: VariantName): string {
  return variants[name].label;
}
