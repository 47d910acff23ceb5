/**
 * @module Sessions as web applications keep them, a visitor and a cart, in any size; and what the
 * listeners of the benchmark do with one.
 */

import type { SessionData } from 'express-session';

declare module 'express-session' {
  interface SessionData {
    /** Its `id` is what listeners answer: the number of the client that the session belongs to. */
    shopper: { readonly id: number };
    purchases: number;
  }
}

/** What a listener does with its session. */
export type Work =
  /** It reads one value that is an object. */
  | 'one'
  /** It reads every value, all the way down. */
  | 'all'
  /** It changes a value and saves. */
  | 'save'
  /** It changes a value atomically: by `update` where there is one, and as `save` elsewhere. */
  | 'update';

const day = 24 * 60 * 60 * 1000;

/** Makes the record of the `n`th client, of that many bytes of JSON or a few more. */
export function makeRecord(n: number, bytes: number): SessionData {
  const record = {
    // As express-session writes it.
    cookie: {
      originalMaxAge: day,
      expires: new Date(Date.now() + day).toISOString(),
      httpOnly: true,
      path: '/',
    },
    shopper: { id: n, name: `Visitor ${n}`, email: `visitor${n}@example.org`, roles: ['member'] },
    purchases: 0,
    cart: [] as object[],
  };
  for (let size = JSON.stringify(record).length; size < bytes; ) {
    const item = makeItem(record.cart.length);
    record.cart.push(item);
    size += JSON.stringify(item).length + 1;
  }
  // A store is given `expires` as a string or a date, whatever the types say.
  return record as unknown as SessionData;
}

/** Reads a session as a listener does, and answers whose it is. */
export function readSession(work: Work, session: Partial<SessionData>): number {
  if (work === 'all') {
    for (const value of Object.values(session)) {
      if (typeof value === 'object') JSON.stringify(value);
    }
  }
  return session.shopper?.id ?? -1;
}

/** Changes a session, as a listener does that saves. */
export function countPurchase(session: Partial<SessionData>): void {
  session.purchases = (session.purchases ?? 0) + 1;
}

/** Whether a listener changes nothing. */
export function isReading(work: Work): boolean {
  return work === 'one' || work === 'all';
}

function makeItem(index: number): object {
  return {
    id: 1000 + index,
    title: `Article ${index}`,
    price: { amount: 100 + index, currency: 'EUR' },
    tags: ['new', 'sale'],
  };
}
