import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { App } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { enablePerConnection, enablePerMessage } from '../../support/sessions.js';
import { overHttp, Visits } from '../../support/visits.js';
import { until } from '../../support/waiting.js';

/** What JSON makes of so many brackets. */
function nested(depth: number): unknown {
  return JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
}

describe('What a client sends', () => {
  let app: App;
  let reported: unknown[];

  beforeEach(async () => {
    reported = [];
  });
  afterEach(() => app.stop());
  expectNoCrash();

  const onError = (error: unknown): void => {
    reported.push(error);
  };

  async function connect(): Promise<Awaited<ReturnType<App['connect']>>> {
    return app.connect({ cookie: (await app.login()).cookie });
  }

  /** As socket.io-client would write it, had it no recursion of its own. */
  function sendNested(client: Awaited<ReturnType<App['connect']>>, event: string): void {
    const text = `2["${event}",${'['.repeat(5_000)}${']'.repeat(5_000)}]`;
    client.io.engine.write(text);
  }

  it('ends no process where a listener stores it and ignores the save', async () => {
    app = await App.start({ options: { onError } });
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('put', (err, session, value) => {
        if (err) return;
        session['test:value'] = value;
        void session.save();
      });
    });
    const client = await connect();
    sendNested(client, 'put');
    await until(() => reported.length > 0);
    expect(reported[0]).to.have.property('message').that.includes('session.test:value');
    expect(client.connected).to.equal(true);
  });

  it('ends no process where `enable` saves it after the message', async () => {
    app = await App.start();
    app.expressionIO.close();
    enablePerMessage(app, { onError }).on('sconnection', (client) => {
      client.on('smessage', (message, session) => {
        session['test:value'] = message;
      });
    });
    const client = await connect();
    sendNested(client, 'message');
    await until(() => reported.length > 0);
    expect(reported[0]).to.have.property('message').that.includes('session.test:value');
  });

  it('ends no process where `enable` saves it as the client leaves', async () => {
    app = await App.start();
    app.expressionIO.close();
    let isPut = false;
    enablePerConnection(app, { onError }).on('sconnection', (client, session) => {
      client.on('message', (message) => {
        session['test:value'] = message;
        isPut = true;
      });
    });
    const client = await connect();
    sendNested(client, 'message');
    await until(() => isPut);
    client.disconnect();
    await until(() => reported.length > 0);
    expect(reported[0]).to.have.property('message').that.includes('session.test:value');
  });

  it('ends no process where it is as deep as can be saved, and the visitor asks over HTTP', async () => {
    app = await App.start({ options: { onError } });
    const visits = new Visits(app);
    for (let depth = 500; depth < 5_000; depth += 250) {
      const { go, cookie } = await visits.visitor();
      await go(async (session) => {
        session['test:value'] = nested(depth);
        await session.save().catch(() => {});
      });
      const { result } = await overHttp(app, cookie, async ({ session }) => {
        await setImmediate();
        session.n = depth;
        return 'answered';
      });
      expect(result).to.equal('answered');
    }
  });
});
