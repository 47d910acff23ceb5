/**
 * @module The ways in which a visitor comes to have no session, and how to bring each about.
 */

import cookieParser from 'cookie-parser';
import type {
  CookieParser,
  ExpressionSocketOptions,
  GivenOptions,
  SessionErrorCode,
} from '../../source/index.js';
import { App, type ClientSettings, secret } from './app.js';
import { cookieOf, sign } from './cookies.js';
import { ControlledStore } from './stores.js';

/** One way to come without a session. */
export interface Failure {
  readonly code: SessionErrorCode;
  /** Completes "a visitor …". */
  readonly what: string;
  readonly cookieParser?: CookieParser;
  readonly options?: ExpressionSocketOptions;
  /** What goes wrong, where it is not the visitor's doing; the store is that of the application. */
  readonly go?: (store: ControlledStore) => void;
  /** How the visitor connects, who has just logged in. */
  readonly visit?: (
    app: Pick<App, 'logout'>,
    visitor: Visitor,
  ) => Promise<ClientSettings> | ClientSettings;
}

interface Visitor {
  readonly cookie: string;
  readonly sessionId: string;
}

/** The error behind those that have a cause. What it says is nobody's business but the operator's. */
export const cause = new Error(`redis://admin:hunter2@10.0.0.7 refused, ${secret}`);

/** No session, and no reason to expect one soon. */
export const absences: readonly Failure[] = [
  {
    code: 'ERR_SESSION_COOKIE_MISSING',
    what: 'has no cookie',
    visit: () => ({}),
  },
  {
    code: 'ERR_SESSION_COOKIE_INVALID',
    what: 'has a cookie that was signed with another secret',
    visit: (_app, { sessionId }) => ({ cookie: cookieOf(sign(sessionId, 'another secret')) }),
  },
  {
    code: 'ERR_SESSION_COOKIE_INVALID',
    what: 'has an unsigned cookie',
    visit: (_app, { sessionId }) => ({ cookie: cookieOf(sessionId) }),
  },
  {
    code: 'ERR_SESSION_COOKIE_INVALID',
    what: 'meets a cookie parser without a secret',
    cookieParser: cookieParser(),
  },
  {
    code: 'ERR_SESSION_ORIGIN',
    what: 'comes from a foreign origin',
    visit: (_app, { cookie }) => ({ cookie, origin: 'https://evil.example' }),
  },
  {
    code: 'ERR_SESSION_NOT_FOUND',
    what: 'has logged out',
    visit: async (app, { cookie }) => {
      await app.logout(cookie);
      return { cookie };
    },
  },
];

/** The cookie parser's fault. */
export const parserFailures: readonly Failure[] = [
  {
    code: 'ERR_SESSION_COOKIE_PARSER',
    what: 'meets a cookie parser that fails',
    cookieParser: (_request, _response, next) => next(cause),
  },
  {
    code: 'ERR_SESSION_COOKIE_PARSER',
    what: 'meets a cookie parser that never calls back',
    cookieParser: () => {},
    options: { storeTimeout: 50 },
  },
];

/** The store's fault, which will pass. */
export const storeTroubles: readonly Failure[] = [
  {
    code: 'ERR_SESSION_STORE',
    what: 'meets a store that fails',
    go: (store) => {
      store.onGet = (_id, callback) => callback(cause);
    },
  },
  {
    code: 'ERR_SESSION_STORE',
    what: 'meets a store whose record is no session',
    go: (store) => {
      store.onGet = (_id, callback) => callback(null, { n: 1 } as never);
    },
  },
  {
    code: 'ERR_SESSION_STORE_TIMEOUT',
    what: 'meets a store that never answers',
    options: { storeTimeout: 100 },
    go: (store) => {
      store.onGet = () => {};
    },
  },
];

/** All of them. */
export const failures: readonly Failure[] = [...absences, ...parserFailures, ...storeTroubles];

/** An application in which a failure is going to happen. */
export interface FailingApp<Options extends ExpressionSocketOptions> {
  readonly app: App<Options>;
  readonly store: ControlledStore;
  /** Lets it happen from now on; tells how the visitor connects. */
  readonly fail: () => Promise<ClientSettings>;
  readonly visitor: Visitor;
}

/** Starts an application with a visitor who has logged in, and to whom a failure may happen. */
export async function startFailing<const Options extends ExpressionSocketOptions>(
  failure: Failure,
  options: Options,
): Promise<FailingApp<Options>> {
  const store = new ControlledStore();
  const app = await App.start({
    store,
    options: { ...failure.options, ...options } as unknown as GivenOptions<Options>,
    ...(failure.cookieParser ? { cookieParser: failure.cookieParser } : {}),
  });
  const visitor = await app.login();
  const fail = async (): Promise<ClientSettings> => {
    const settings = await failure.visit?.(app, visitor);
    failure.go?.(store);
    return settings ?? { cookie: visitor.cookie };
  };
  return { app, store, fail, visitor };
}
