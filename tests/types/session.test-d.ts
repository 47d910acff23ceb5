/**
 * @module The session: `SessionData` as the application augments it, and methods that give promises.
 */

import type { Request } from 'express';
import type { Cookie, SessionData } from 'express-session';
import type { SessionError, SocketSession } from '../../source/index.js';
import { type Equal, expect } from './expect.js';

declare const session: SocketSession;

// The application's own fields, which need not be there yet.
session.ballot = { option: 'tea', history: [{ round: 1 }] };
expect<Equal<typeof session.ballot.history, { round: number }[]>>();
declare const fresh: SocketSession;
expect<Equal<typeof fresh.ballot, { option: string; history: { round: number }[] } | undefined>>();
// @ts-expect-error it may not be there yet
fresh.ballot.option;
// @ts-expect-error the ballot's history is missing
session.ballot = { option: 'tea' };
// @ts-expect-error no such field was declared
session.nickname;
// @ts-expect-error no such field was declared
session.nickname = 'Ada';

// express-session's own.
expect<Equal<typeof session.cookie, Cookie>>();
expect<Equal<typeof session.cookie.originalMaxAge, number | null>>();
expect<Equal<typeof session.id, string>>();

// With a callback they chain, without one they promise.
expect<Equal<ReturnType<typeof session.save>, Promise<void>>>();
for (const method of ['save', 'reload', 'destroy', 'regenerate'] as const) {
  const chained = session[method]((error) => {
    expect<Equal<typeof error, SessionError | null | undefined>>();
  });
  expect<Equal<typeof chained, SocketSession>>();
  const promised: Promise<void> = session[method]();
  void promised;
}
session
  .touch()
  .resetMaxAge()
  .save((error) => error?.code)
  .reload(() => {});
// @ts-expect-error the error is a `SessionError`
session.save((_error?: string) => {});
// @ts-expect-error a callback is a function
session.save(true);

// A callback of the kind that Express, Connect and tests have.
declare const next: (error?: unknown) => void;
declare const done: (error?: Error | null) => void;
session.save(next).destroy(done);

// What the application already has for HTTP takes it too.
declare function tally(data: Partial<SessionData>): number;
declare function greet(session: Request['session']): string;
tally(session);
greet(session);

// An update resolves to what the function returns, and gives it a session that may be changed.
const count: Promise<number> = session.update((fresh) => {
  expect<Equal<typeof fresh, SocketSession>>();
  fresh.votes = (fresh.votes ?? 0) + 1;
  return fresh.votes;
});
const name: Promise<string> = session.update(async () => 'Ada');
const nothing: Promise<void> = session.update((fresh) => {
  fresh.votes = 1;
});
void [count, name, nothing];
// @ts-expect-error an update needs a function
session.update();
// @ts-expect-error no such field was declared
session.update((fresh) => fresh.nickname);
