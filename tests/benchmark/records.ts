/**
 * @module Sessions as web applications keep them: a visitor and what is in the cart. Knows what a
 * record of a given size looks like.
 */

import type { SessionData } from 'express-session';

declare module 'express-session' {
  interface SessionData {
    /** What the listeners answer: the number of the client that the session belongs to. */
    n: number;
  }
}

const day = 24 * 60 * 60 * 1000;

/** Makes the record of the `n`th client, of so many bytes of JSON or a few more. */
export function makeRecord(n: number, bytes: number): SessionData {
  const record = {
    // As express-session writes it.
    cookie: {
      originalMaxAge: day,
      expires: new Date(Date.now() + day).toISOString(),
      httpOnly: true,
      path: '/',
    },
    n,
    user: { id: n, name: `Visitor ${n}`, email: `visitor${n}@example.org`, roles: ['member'] },
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

function makeItem(index: number): object {
  return {
    id: 1000 + index,
    title: `Article ${index}`,
    price: { amount: 100 + index, currency: 'EUR' },
    tags: ['new', 'sale'],
  };
}
