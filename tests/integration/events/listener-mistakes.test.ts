import { expect } from 'chai';
import type { ErrorContext } from '../../../source/index.js';
import { App, refused } from '../../support/app.js';
import { ProcessEvents } from '../../support/process-events.js';

const mistake = new Error('a mistake of the application');

interface Heard {
  readonly error: unknown;
  readonly context: ErrorContext;
}

describe("A listener's mistake stays its own", () => {
  let app: App;
  let mistakes: ProcessEvents | undefined;

  afterEach(async () => {
    mistakes?.stop();
    mistakes = undefined;
    await app.stop();
  });

  for (const [how, listener] of [
    [
      'throws',
      () => {
        throw mistake;
      },
    ],
    [
      'rejects',
      async () => {
        throw mistake;
      },
    ],
  ] as const) {
    describe(`when a listener ${how}`, () => {
      describe('with `onError`', () => {
        let reports: Heard[];

        beforeEach(async () => {
          reports = [];
          app = await App.start({
            options: { onError: (error, context) => reports.push({ error, context }) },
          });
        });

        it('is reported to `onError` with the socket and the event, and other events go on', async () => {
          let socketGiven: unknown;
          app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
            socketGiven = socket;
            socket.sessOn('fail', listener);
            socket.sessOn('work', (_err, _session, ack) => ack('done'));
          });
          const { cookie } = await app.login();
          const client = await app.connect({ cookie });
          client.emit('fail');
          client.emit('fail');
          expect(await client.emitWithAck('work')).to.equal('done');
          expect(reports.map(({ error }) => error)).to.deep.equal([mistake, mistake]);
          expect(reports[0]?.context.event).to.equal('fail');
          expect(reports[0]?.context.socket).to.equal(socketGiven);
        });

        it('calls the other listeners of the connection', async () => {
          app.expressionIO.sockets.on('connection', listener);
          app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
            socket.sessOn('work', (_err, _session, ack) => ack('done'));
          });
          const { cookie } = await app.login();
          const client = await app.connect({ cookie });
          expect(await client.emitWithAck('work')).to.equal('done');
          expect(reports.map(({ context }) => context.event)).to.deep.equal(['connection']);
        });

        it('refuses the client in an `authorization`, and does not show it the error', async () => {
          app.expressionIO.sockets.authorization(listener);
          const { cookie } = await app.login();
          const refusal = await refused(app.client({ cookie }));
          expect(refusal.data).to.deep.equal({ code: 'ERR_SESSION_REFUSED' });
          expect(refusal.message).not.to.contain(mistake.message);
          expect(reports.map(({ error }) => error)).to.deep.equal([mistake]);
          expect(reports[0]?.context.event).to.equal('authorization');
        });
      });

      it('is uncaught without `onError`, as Node.js would have it', async () => {
        app = await App.start();
        app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
          socket.sessOn('fail', listener);
          socket.sessOn('work', (_err, _session, ack) => ack('done'));
        });
        const { cookie } = await app.login();
        const client = await app.connect({ cookie });
        mistakes = new ProcessEvents(how === 'throws' ? 'uncaughtException' : 'unhandledRejection');
        client.emit('fail');
        expect(await mistakes.first()).to.equal(mistake);
        expect(await client.emitWithAck('work')).to.equal('done');
      });
    });
  }

  it("does not break the store's callback", async () => {
    app = await App.start();
    mistakes = new ProcessEvents('uncaughtException');
    const caught: unknown[] = [];
    const { get } = app.store;
    app.store.get = (sessionId, callback) =>
      get.call(app.store, sessionId, (...answer) => {
        try {
          callback(...answer);
        } catch (error) {
          caught.push(error);
        }
      });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('fail', () => {
        throw mistake;
      });
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    client.emit('fail');
    await mistakes.first();
    expect(caught).to.deep.equal([]);
  });

  it('is uncaught where `onError` itself throws', async () => {
    app = await App.start({
      options: {
        onError: () => {
          throw new Error('a mistake of onError');
        },
      },
    });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('fail', () => {
        throw mistake;
      });
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    mistakes = new ProcessEvents('uncaughtException');
    client.emit('fail');
    expect(await mistakes.first()).to.have.property('message', 'a mistake of onError');
  });
});
