/**
 * @module Where an error is reported: to `onError`, or, without one, as an event of the process.
 */

import { inspect } from 'node:util';
import { expect } from 'chai';
import { createSandbox, type SinonStub } from 'sinon';
import type { Socket } from 'socket.io';
import { isThenable } from '../../source/assertions.js';
import { ErrorReporter } from '../../source/error-reporter.js';
import { SessionError } from '../../source/errors.js';

const sandbox = createSandbox();
/** Nobody looks at the socket. */
const context = { socket: {} as Socket, event: 'vote' };
const mistake = new Error('a mistake');

describe("A listener's mistake stays its own", () => {
  let nextTick: SinonStub;

  beforeEach(() => {
    nextTick = sandbox.stub(process, 'nextTick');
  });

  afterEach(() => {
    sandbox.restore();
  });

  /** Runs what was put off until nothing of the library's is on the stack. */
  function runNextTick(): void {
    for (const [task, ...args] of nextTick.args) task(...args);
  }

  describe('with `onError`', () => {
    it('tells what a listener threw, and where', () => {
      const onError = sandbox.stub();
      new ErrorReporter({ onError }).call(
        () => {
          throw mistake;
        },
        [],
        context,
      );
      expect(onError.args).to.deep.equal([[mistake, context]]);
    });

    it('tells what a listener rejected with', async () => {
      const onError = sandbox.stub();
      new ErrorReporter({ onError }).call(() => Promise.reject(mistake), [], context);
      await new Promise(setImmediate);
      expect(onError.args).to.deep.equal([[mistake, context]]);
    });

    it('tells a thrown `undefined`, too', () => {
      const onError = sandbox.stub();
      new ErrorReporter({ onError }).call(
        () => {
          throw undefined;
        },
        [],
        context,
      );
      expect(onError.args).to.deep.equal([[undefined, context]]);
    });

    it('rethrows nothing', () => {
      new ErrorReporter({ onError: sandbox.stub() }).reportListener(mistake, context);
      expect(nextTick.called).to.equal(false);
    });

    it('tells every failure of the store', () => {
      const onError = sandbox.stub();
      const reporter = new ErrorReporter({ onError });
      const failure = new SessionError('ERR_SESSION_STORE', 'It failed');
      reporter.report(failure, context);
      reporter.report(failure, context);
      expect(onError.args).to.deep.equal([
        [failure, context],
        [failure, context],
      ]);
    });

    it('rethrows what `onError` itself throws, as Node.js would have it', () => {
      const wrong = new Error('a mistake in `onError`');
      const onError = (): never => {
        throw wrong;
      };
      new ErrorReporter({ onError }).report(mistake, context);
      expect(runNextTick).to.throw(wrong);
    });
  });

  describe('without `onError`', () => {
    it('rethrows what a listener threw, where nobody else is on the stack', () => {
      const reporter = new ErrorReporter({});
      expect(() =>
        reporter.call(
          () => {
            throw mistake;
          },
          [],
          context,
        ),
      ).not.to.throw();
      expect(runNextTick).to.throw(mistake);
    });

    it('leaves a rejection to Node.js', () => {
      const then = sandbox.stub();
      new ErrorReporter({}).call(() => Object.fromEntries([['then', then]]), [], context);
      const [, onRejected] = then.firstCall.args;
      expect(() => onRejected(mistake)).to.throw(mistake);
    });

    it('takes a failure of the store that a listener passes on for no mistake of it', async () => {
      const emitWarning = sandbox.stub(process, 'emitWarning');
      const failure = new SessionError('ERR_SESSION_STORE', 'The session store failed');
      const reporter = new ErrorReporter({});
      reporter.call(() => Promise.reject(failure), [], context);
      await new Promise(setImmediate);
      expect(emitWarning.callCount).to.equal(1);
      expect(nextTick.called).to.equal(false);
    });
  });

  describe('without `onError`, of a listener that was called without a session', () => {
    const sessionless = { ...context, hasSession: false };

    for (const [what, listener] of [
      [
        'throws',
        () => {
          throw mistake;
        },
      ],
      ['rejects', () => Promise.reject(mistake)],
    ] as const) {
      it(`is a warning with the way out and the stack, where it ${what}`, async () => {
        const emitWarning = sandbox.stub(process, 'emitWarning');
        new ErrorReporter({}).call(listener, [], sessionless);
        await new Promise(setImmediate);
        const [message, options] = emitWarning.firstCall.args as unknown as [string, object];
        expect(message).to.include('`vote`').and.to.include('check `err` before using `session`');
        expect(options).to.deep.equal({ type: 'SessionWarning', detail: mistake.stack });
        expect(nextTick.called).to.equal(false);
      });
    }

    it('is reported once per event', () => {
      const emitWarning = sandbox.stub(process, 'emitWarning');
      const reporter = new ErrorReporter({});
      for (const event of ['vote', 'vote', 'rename']) {
        reporter.reportListener(mistake, { ...sessionless, event });
      }
      expect(emitWarning.callCount).to.equal(2);
    });

    it('is a warning where the error cannot be read', () => {
      const emitWarning = sandbox.stub(process, 'emitWarning');
      const unreadable = Object.assign(new Error('down'), { name: Symbol('a name') });
      new ErrorReporter({}).reportListener(unreadable, sessionless);
      expect(emitWarning.firstCall.args[0]).to.include('an error that cannot be read');
      expect(nextTick.called).to.equal(false);
    });

    it('goes to `onError`, with the socket and the event only', () => {
      const onError = sandbox.stub();
      new ErrorReporter({ onError }).reportListener(mistake, sessionless);
      expect(onError.args).to.deep.equal([[mistake, context]]);
    });
  });

  it('is a warning without `onError`, where a listener throws a `SessionError` on', () => {
    const emitWarning = sandbox.stub(process, 'emitWarning');
    const failure = new SessionError('ERR_SESSION_REGENERATE', 'It failed');
    new ErrorReporter({}).reportListener(failure, context);
    expect(emitWarning.callCount).to.equal(1);
    expect(nextTick.called).to.equal(false);
  });

  it('calls the listener with its arguments, and the socket as `this`', () => {
    const listener = sandbox.stub();
    new ErrorReporter({}).call(listener, [1, 'two'], context);
    expect(listener.args).to.deep.equal([[1, 'two']]);
    expect(listener.firstCall.thisValue).to.equal(context.socket);
  });
});

describe('failures of the store without `onError`', () => {
  let emitWarning: SinonStub;

  beforeEach(() => {
    emitWarning = sandbox.stub(process, 'emitWarning');
  });

  afterEach(() => {
    sandbox.restore();
  });

  it('are a process warning with their code', () => {
    new ErrorReporter({}).report(
      new SessionError('ERR_SESSION_STORE', 'The session store failed'),
      context,
    );
    const [message, options] = emitWarning.firstCall.args;
    expect(message).to.include('The session store failed').and.to.include('`onError`');
    expect(options).to.include({ type: 'SessionWarning', code: 'ERR_SESSION_STORE' });
  });

  it('are reported once per kind', () => {
    const reporter = new ErrorReporter({});
    for (const code of [
      'ERR_SESSION_STORE',
      'ERR_SESSION_STORE',
      'ERR_SESSION_STORE_TIMEOUT',
    ] as const) {
      reporter.report(new SessionError(code, 'It failed'), context);
    }
    expect(emitWarning.args.map(([, { code }]) => code)).to.deep.equal([
      'ERR_SESSION_STORE',
      'ERR_SESSION_STORE_TIMEOUT',
    ]);
  });

  it('do not show what is behind them, which may hold a session id', () => {
    const cause = new Error('GET sess:a-session-id failed');
    const reporter = new ErrorReporter({});
    reporter.report(new SessionError('ERR_SESSION_STORE', 'It failed', { cause }), context);
    reporter.report(cause, context);
    expect(emitWarning.callCount).to.equal(2);
    expect(JSON.stringify(emitWarning.args)).not.to.include('a-session-id');
  });

  it('are never rethrown', () => {
    const nextTick = sandbox.stub(process, 'nextTick');
    new ErrorReporter({}).report(mistake, context);
    expect(nextTick.called).to.equal(false);
  });
});

describe('a promise, of whatever make,', () => {
  it('is known by its `then`', () => {
    expect(isThenable(Object.fromEntries([['then', () => {}]]))).to.equal(true);
  });

  for (const value of [
    undefined,
    null,
    7,
    'then',
    {},
    Object.fromEntries([['then', true]]),
    () => {},
  ]) {
    it(`is not ${inspect(value)}`, () => {
      expect(isThenable(value)).to.equal(false);
    });
  }
});

describe('Advice about the configuration', () => {
  afterEach(() => sandbox.restore());

  for (const [environment, count] of [
    ['development', 1],
    ['production', 0],
  ] as const) {
    it(`is ${count === 1 ? 'one warning' : 'no warning'} in ${environment}`, () => {
      sandbox.stub(process, 'env').value({ ...process.env, NODE_ENV: environment });
      const emitWarning = sandbox.stub(process, 'emitWarning');
      const reporter = new ErrorReporter({});
      for (let time = 0; time < 2; time++) reporter.advise('Give the option `lock`');
      expect(emitWarning.callCount).to.equal(count);
    });
  }
});
