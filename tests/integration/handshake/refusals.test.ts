/**
 * @module The reason why a visitor has no session, as an operator sees it: in warnings, in `onError`, on
 * `node:diagnostics_channel` and with `DEBUG`.
 */

import { spawn } from 'node:child_process';
import { channel, tracingChannel } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { expect } from 'chai';
import type { ErrorContext, HandshakeTrace, SessionError } from '../../../source/index.js';
import { App, refused } from '../../support/app.js';
import { absences, parserFailures, startFailing } from '../../support/failures.js';
import { arrive } from '../../support/outcomes.js';
import { ProcessEvents } from '../../support/process-events.js';

interface Told {
  readonly error: SessionError;
  readonly context: ErrorContext;
}

describe('The reason why a visitor has no session', () => {
  let app: App | undefined;
  let warnings: ProcessEvents | undefined;
  const environment = process.env.NODE_ENV;

  afterEach(async () => {
    await app?.stop();
    app = undefined;
    warnings?.stop();
    warnings = undefined;
    if (environment === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = environment;
  });

  for (const failure of [...absences, ...parserFailures]) {
    const { code, what } = failure;

    describe(`when a visitor ${what}`, () => {
      it('is in a warning with a link, once', async () => {
        const failing = await startFailing(failure, {});
        app = failing.app;
        const settings = await failing.fail();
        warnings = new ProcessEvents('warning');
        const { err } = await arrive(app, settings);
        await arrive(app, settings);
        const [warning, ...others] = warnings.values as (Error & { detail?: string })[];
        expect(others).to.deep.equal([]);
        expect(warning).to.include({ name: 'SessionWarning', code });
        expect(warning?.message).to.include(err?.message).and.to.include('`reportRefusals`');
        expect(warning?.detail).to.include(`docs/errors.md#${code.toLowerCase()}`);
      });

      it('is in no warning in production', async () => {
        process.env.NODE_ENV = 'production';
        const failing = await startFailing(failure, {});
        app = failing.app;
        const settings = await failing.fail();
        warnings = new ProcessEvents('warning');
        await arrive(app, settings);
        expect(warnings.values).to.deep.equal([]);
      });

      it('is reported to `onError` each time with `reportRefusals`', async () => {
        const told: Told[] = [];
        const onError = (error: unknown, context: ErrorContext): void => {
          told.push({ error: error as SessionError, context });
        };
        const failing = await startFailing(failure, { onError, reportRefusals: true });
        app = failing.app;
        const settings = await failing.fail();
        warnings = new ProcessEvents('warning');
        const { socket } = await arrive(app, settings);
        await arrive(app, settings);
        expect(told.map(({ error }) => error.code)).to.deep.equal([code, code]);
        expect(told[0]?.context).to.include({ socket, event: 'handshake' });
        expect(warnings.values).to.deep.equal([]);
      });

      it('is published as a refusal, without an id, a cookie or the secret', async () => {
        const failing = await startFailing(failure, {});
        app = failing.app;
        const { cookie, sessionId } = failing.visitor;
        const settings = await failing.fail();
        const messages: unknown[] = [];
        const hear = (message: unknown): void => {
          messages.push(message);
        };
        const refusals = channel('expression.socket.io:refusal');
        refusals.subscribe(hear);
        try {
          const { err } = await arrive(app, settings);
          expect(messages).to.deep.equal([
            { code, message: err?.message, event: 'handshake', namespace: '/' },
          ]);
          expect(inspect(messages)).not.to.include(sessionId).and.not.to.include(cookie);
        } finally {
          refusals.unsubscribe(hear);
        }
      });
    });
  }

  it('is in no warning for a visitor with other cookies, who is just not logged in', async () => {
    app = await App.start();
    warnings = new ProcessEvents('warning');
    await arrive(app, { cookie: 'theme=dark' });
    expect(warnings.values).to.deep.equal([]);
  });

  it('is in a warning if the visitor has a signed cookie of another name', async () => {
    app = await App.start();
    warnings = new ProcessEvents('warning');
    await arrive(app, { cookie: 'theme=dark; sid=s%3Anobody.nothing' });
    const [warning] = warnings.values as Error[];
    expect(warning?.message).to.include('`key` is not the `name` given to express-session');
  });

  it('is in no warning for a visitor for whom the option `sessionId` returns no id', async () => {
    app = await App.start({ options: { sessionId: () => undefined } });
    warnings = new ProcessEvents('warning');
    await arrive(app);
    expect(warnings.values).to.deep.equal([]);
  });

  it('is reported once for a socket, though its session is read again after an `authorization`', async () => {
    const told: unknown[] = [];
    const onError = (error: unknown): void => {
      told.push((error as SessionError).code);
    };
    app = await App.start({ options: { onError, reportRefusals: true } });
    app.expressionIO.sockets.authorization(() => true);
    await arrive(app);
    expect(told).to.deep.equal(['ERR_SESSION_COOKIE_MISSING']);
  });

  it('is reported to `onError` where an `authorization` refused, with `reportRefusals`', async () => {
    const told: Told[] = [];
    const onError = (error: unknown, context: ErrorContext): void => {
      told.push({ error: error as SessionError, context });
    };
    app = await App.start({ options: { onError, reportRefusals: true } });
    app.expressionIO.sockets.authorization(() => false);
    await refused(app.client(await app.login()));
    expect(told.map(({ error, context }) => [error.code, context.event])).to.deep.equal([
      ['ERR_SESSION_REFUSED', 'authorization'],
    ]);
    expect(told[0]?.error.message).to.include('only `fn(null, true)` or a returned `true`');
  });

  it('traces each handshake, with where its session id came from or the code', async () => {
    app = await App.start();
    const { cookie, sessionId } = await app.login();
    const ended: HandshakeTrace[] = [];
    const traced = tracingChannel<unknown, HandshakeTrace>('expression.socket.io:handshake');
    const subscribers = {
      start() {},
      end() {},
      asyncStart() {},
      asyncEnd: (payload: HandshakeTrace) => ended.push(payload),
      error() {},
    };
    traced.subscribe(subscribers as Parameters<typeof traced.subscribe>[0]);
    try {
      await arrive(app, { cookie });
      await arrive(app);
    } finally {
      traced.unsubscribe(subscribers as Parameters<typeof traced.unsubscribe>[0]);
    }
    expect(ended[0]).to.include({ transport: 'websocket', source: 'cookie' });
    expect(ended[1]).to.include({ transport: 'websocket', code: 'ERR_SESSION_COOKIE_MISSING' });
    expect(inspect(ended)).not.to.include(sessionId);
  });

  it('tells each step with `DEBUG=expression.socket.io*`, and no id', async () => {
    const program = join(import.meta.dirname, '../../support/debugged-visits.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', program], {
      env: { ...process.env, DEBUG: 'expression.socket.io*' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [output, log] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(log)
      .to.match(/expression\.socket\.io:handshake origin http:\/\/127\.0\.0\.1:\d+ is the host/)
      .and.to.include('session id found, by: cookie')
      .and.to.include('no session id (ERR_SESSION_ORIGIN): The origin "https://evil.example"')
      .and.to.include('socket no session in / (ERR_SESSION_ORIGIN)')
      .and.to.include('socket refused in /members (ERR_SESSION_REFUSED)');
    expect(output.trim()).to.have.length(32);
    expect(log).not.to.include(output.trim());
  });
});
