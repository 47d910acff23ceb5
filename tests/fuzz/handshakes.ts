/**
 * @module Handshakes of every kind: cookie headers, origins, hosts, `auth` of any type and size, and
 * tickets. A session is only given to a client that shows the proof of it.
 */

import fc from 'fast-check';
import { sign } from '../support/cookies.js';
import type { Wire } from '../support/wire.js';
import { idMark, Site, secret, ticketSecret } from './site.js';

/** A handshake that a client may make up. */
interface Attempt {
  readonly cookie: string | undefined;
  readonly origin: string | undefined;
  readonly host: string | undefined;
  readonly others: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly auth: string;
}

const garbage = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('s', ':', '.', '%', '3', 'A', '=', ';', '"', 'j', '{', '}') }),
  fc.constantFrom('', 's:', 's:.', 'j:{}', 'j:[1]', 'j:{"__proto__":{"polluted":1}}', '%E0%A4%A'),
);

const cookieNames = fc.constantFrom(
  'connect.sid',
  'connect.sid',
  'connect.sid',
  'CONNECT.SID',
  ' connect.sid',
  '__proto__',
  'constructor',
  'a',
);

/** What a client may know: its own cookies, and other texts that look like them. */
function cookieValues(ids: readonly string[]): fc.Arbitrary<string> {
  const id = fc.constantFrom(...ids);
  const valid = id.map((sessionId) => sign(sessionId, secret));
  return fc.oneof(
    { weight: 4, arbitrary: valid },
    {
      weight: 4,
      arbitrary: fc.tuple(valid, fc.nat(), fc.string({ minLength: 1, maxLength: 2 })).map(altered),
    },
    id,
    id.map((sessionId) => `s:${sessionId}`),
    fc.tuple(id, fc.string()).map(([sessionId, other]) => sign(sessionId, other)),
    fc.tuple(id, id).map(([one, other]) => `s:${one}.${sign(other, secret).split('.').at(-1)}`),
    fc.tuple(valid, valid).map(([one, other]) => `${one}${other}`),
    valid.map((value) => `j:${JSON.stringify(value)}`),
    garbage,
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 8_000 }).map((size) => 'x'.repeat(size)) },
  );
}

function altered([text, at, by]: [string, number, string]): string {
  const place = at % (text.length + 1);
  return text.slice(0, place) + by + text.slice(place + (at % 3));
}

function cookieHeaders(ids: readonly string[]): fc.Arbitrary<string | undefined> {
  const encode = fc.constantFrom(encodeURIComponent, String, (text: string) => `"${text}"`);
  const pair = fc
    .tuple(cookieNames, cookieValues(ids), encode)
    .map(([name, value, encoded]) => `${name}=${safely(encoded, value)}`);
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 6, arbitrary: pair },
    { weight: 3, arbitrary: fc.array(pair, { maxLength: 5 }).map((pairs) => pairs.join('; ')) },
    { weight: 1, arbitrary: garbage },
  );
}

/** A lone surrogate cannot be encoded. */
function safely(encode: (text: string) => string, text: string): string {
  try {
    return encode(text);
  } catch {
    return text;
  }
}

const hosts = ['shop.example', 'shop.example:8080', '[::1]:3000', 'SHOP.example'] as const;
const strangeHosts = ['', 'shop.example@evil.example', 'a b', 'evil.example', '%00', 'x:99999'];
const origins = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: fc.constantFrom(...hosts).map((host) => `https://${host}`) },
  fc.constantFrom(
    'null',
    'https://evil.example',
    'https://shop.example.evil.example',
    'https://evilshop.example',
    'https://shop.example@evil.example',
    'https://shop.example:443',
    'http://shop.example:80',
    'https://shop.example/',
    'https://shop.example, https://evil.example',
    'shop.example',
    '//shop.example',
    'https://shop.example#',
    'https://shop.example\\.evil.example',
    'javascript:alert(1)',
  ),
  fc.webUrl(),
  garbage,
);

/** `auth` as JSON text, of objects and of what is none. */
function auths(tickets: readonly string[]): fc.Arbitrary<string> {
  const ticket = fc.constantFrom(...tickets);
  const values = fc.oneof(
    { weight: 3, arbitrary: ticket },
    {
      weight: 4,
      arbitrary: fc.tuple(ticket, fc.nat(), fc.string({ minLength: 1, maxLength: 2 })).map(altered),
    },
    fc
      .tuple(ticket, ticket, fc.nat({ max: 200 }))
      .map(([a, b, at]) => a.slice(0, at) + b.slice(at)),
    fc.jsonValue({ maxDepth: 3 }),
    fc.string({ unit: fc.constantFrom('.', 'e', 'y', 'J', '-', '_', '='), maxLength: 300 }),
    fc.integer({ min: 1, max: 20_000 }).map((size) => 'e'.repeat(size)),
  );
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant('') },
    { weight: 4, arbitrary: values.map((session) => JSON.stringify({ session })) },
    fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
    fc.constantFrom(
      '{"__proto__":{"session":"x","polluted":true}}',
      '{"session":{"__proto__":{"polluted":true}}}',
      '{"constructor":{"prototype":{"polluted":true}}}',
      '{"session":null}',
      '{"session":["e"]}',
      '{',
      `{"session":${'['.repeat(2_000)}${']'.repeat(2_000)}}`,
    ),
    fc.string(),
  );
}

function attempts(ids: readonly string[], tickets: readonly string[]): fc.Arbitrary<Attempt> {
  return fc.record({
    cookie: cookieHeaders(ids),
    origin: origins,
    host: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...hosts) },
      fc.constantFrom(undefined, ...strangeHosts),
      garbage,
    ),
    others: fc.oneof(
      { weight: 4, arbitrary: fc.constant({}) },
      fc.dictionary(
        fc.constantFrom('sec-fetch-site', 'referer', 'x-forwarded-host', ':authority'),
        fc.oneof(fc.constantFrom('cross-site', 'same-origin', 'shop.example'), garbage),
        { maxKeys: 3 },
      ),
    ),
    query: fc.oneof(
      { weight: 6, arbitrary: fc.constant({}) },
      fc.dictionary(fc.constantFrom('j', 't', 'session', '__proto__'), garbage, { maxKeys: 2 }),
    ),
    auth: auths(tickets),
  });
}

/** Whether a client shows a cookie that only the server can have made, for this id. */
function hasProof({ cookie = '' }: Attempt, sessionId: string): boolean {
  const signed = sign(sessionId, secret);
  return cookie.split(/[;,]/).some((pair) => {
    const value = pair
      .slice(pair.indexOf('=') + 1)
      .trim()
      .replace(/^"|"$/g, '');
    return value === signed || safely(decodeURIComponent, value) === signed;
  });
}

/** Whether a browser would say that the page comes from the host that it talks to. */
function isFriendly({ origin, host }: Attempt): boolean {
  if (origin === undefined) return true;
  if (!host || !URL.canParse(origin)) return false;
  const { protocol, host: theirs, href } = new URL(origin);
  const own = `${protocol}//${host}`;
  const isBare = href === `${protocol}//${theirs}/` && !origin.endsWith('/');
  return isBare && URL.canParse(own) && new URL(own).host === theirs;
}

/** Makes so many attempts; tells how many clients were given a session. */
export async function fuzzHandshakes(runs: number, seed: number): Promise<number> {
  const site = new Site(seed, { ticket: { secret: ticketSecret } });
  site.welcome('/');
  const visitors = Array.from({ length: 5 }, (_, n) => ({ n, ...site.login({ n }) }));
  const ids = visitors.map(({ sessionId }) => sessionId);
  const tickets = await Promise.all(ids.map((id) => site.expressionIO.ticket(id)));
  let given = 0;
  try {
    await fc.assert(
      fc.asyncProperty(attempts(ids, tickets), async (attempt) => {
        const wire = site.open({
          headers: {
            ...attempt.others,
            cookie: attempt.cookie,
            origin: attempt.origin,
            host: attempt.host,
          },
          query: attempt.query,
        });
        if (await isGivenProperly(site, wire, { attempt, tickets })) given++;
        wire.close();
        site.check();
      }),
      { numRuns: runs, seed },
    );
  } finally {
    await site.stop();
  }
  if (given < runs / 100) throw new Error(`only ${given} of ${runs} were given a session`);
  return given;
}

async function isGivenProperly(
  site: Site,
  wire: Wire,
  { attempt, tickets }: { attempt: Attempt; tickets: readonly string[] },
): Promise<boolean> {
  const answer = await wire.join('/', attempt.auth);
  site.watch.look('sent to the client', wire.sent);
  const announcement = site.announcement(wire);
  if (answer?.startsWith('0') && !announcement) throw new Error('Connected, and not announced');
  if (!announcement) return false;
  const { err, session } = announcement;
  if ((err === null) === (session === null)) throw new Error('Neither a session nor an error');
  const ticket = ticketIn(attempt.auth);
  if (session === null) {
    const n = [0, 1, 2, 3, 4].find((at) => attempt.cookie === plainCookie(`${idMark}${at}`));
    if (n !== undefined && isFriendly(attempt) && ticket === undefined && !isMarked(attempt)) {
      throw new Error(`A visitor was refused: ${err?.message}`);
    }
    if (err?.name !== 'SessionError') throw new Error(`No name: ${String(err)}`);
    return false;
  }
  const { n } = session;
  if (Object.keys(session).join() !== 'cookie,n') throw new Error('Not the session that is stored');
  const isProven =
    ticket === undefined
      ? hasProof(attempt, `${idMark}${n}`) && isFriendly(attempt)
      : ticket === tickets[Number(n)];
  if (!isProven) throw new Error(`A forged identity: the session ${n} was given`);
  return true;
}

function plainCookie(sessionId: string): string {
  return `connect.sid=${encodeURIComponent(sign(sessionId, secret))}`;
}

/** Whether browsers would mark the request as one of a script of another site. */
function isMarked({ others, query }: Attempt): boolean {
  return 'sec-fetch-site' in others || 'j' in query;
}

function ticketIn(auth: string): unknown {
  try {
    const value: unknown = JSON.parse(auth);
    return Object.hasOwn(Object(value), 'session') ? Object(value).session : undefined;
  } catch {
    return undefined;
  }
}
