/**
 * @module The ways to a session in a socket that are compared: their names. Must not know how they
 * are installed, which is `installations.ts`.
 */

/** A way to a session. */
export interface Variant {
  readonly name: string;
  readonly label: string;
  /** Whether it is this library. */
  readonly isOurs?: true;
  /** What a reader must know to compare fairly. */
  readonly note?: string;
}

/** All ways, in the order of the tables. The first is what the others are measured by. */
export const variants = {
  bare: { name: 'bare', label: 'bare socket.on', note: 'no session at all' },
  storeGet: {
    name: 'storeGet',
    label: 'store.get() and no more',
    note: 'what a read for each event costs at least: no session object, no order, no checks',
  },
  recipe: { name: 'recipe', label: 'official recipe, reload()' },
  getSession: { name: 'getSession', label: 'session.socket.io, getSession()' },
  autoSave: {
    name: 'autoSave',
    label: 'express-socket.io-session (not fresh)',
    note: 'with `autoSave`: reads the session at connect, and shows that one for ever',
  },
  sessOn: { name: 'sessOn', label: 'ours, sessOn', isOurs: true },
  alwaysSession: { name: 'alwaysSession', label: 'ours, alwaysSession', isOurs: true },
  readMany: { name: 'readMany', label: 'ours, sessOn + readMany', isOurs: true },
  authorization: { name: 'authorization', label: 'ours, with authorization', isOurs: true },
} as const satisfies Record<string, Variant>;

/** The name of a variant. */
export type VariantName = keyof typeof variants;
