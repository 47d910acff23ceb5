/**
 * @module `enable` with `per_message`: the session read for each message, and saved after it.
 */

import { expect } from 'chai';
import { received, useApps } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import { enablePerMessage, stored, written } from '../../support/sessions.js';
import { randomTurns } from '../../support/slow-store.js';

type Ack = (...args: unknown[]) => void;

describe('`enable` per message', () => {
  const start = useApps();
  expectNoCrash();

  it('gives `sconnection` the client only', async () => {
    const app = await start();
    const args = new Promise<unknown[]>((resolve) => {
      enablePerMessage(app).on('sconnection', (...args) => resolve(args));
    });
    const remote = await app.connect(await app.login());
    expect(await args).to.have.length(1);
    expect((await args)[0]).to.have.property('id', remote.id);
  });

  describe('`smessage`', () => {
    it('gives the message, its session and its acknowledgement, and saves the session', async () => {
      const app = await start();
      enablePerMessage(app).on('sconnection', (client) => {
        client.on('smessage', (message, session, ack) => {
          session.n = (session.n ?? 0) + 1;
          (ack as Ack)(message, session.id);
        });
      });
      const { cookie, sessionId } = await app.login();
      const remote = await app.connect({ cookie });
      const saved = written(app.store);
      const answer = new Promise((resolve) => {
        remote.send({ a: 'ping' }, (...args: unknown[]) => resolve(args));
      });
      expect(await answer).to.deep.equal([{ a: 'ping' }, sessionId]);
      await saved;
      expect(await stored(app.store, sessionId)).to.have.property('n', 1);
    });

    for (const message of [0, '', false, null, Buffer.from('bytes'), [1], { a: { b: [2] } }]) {
      it(`gives any message: ${JSON.stringify(message)}`, async () => {
        const app = await start();
        const told = new Promise<unknown[]>((resolve) => {
          enablePerMessage(app).on('sconnection', (client) => {
            client.on('smessage', (...args) => resolve(args));
          });
        });
        const remote = await app.connect(await app.login());
        remote.send(message);
        const args = await told;
        expect(args).to.have.length(2);
        expect(args[0]).to.deep.equal(message);
      });
    }

    it('is given the session second where there is no message, or more than one', async () => {
      const app = await start();
      const told: unknown[][] = [];
      enablePerMessage(app).on('sconnection', (client) => {
        client.on('smessage', (...args) => {
          told.push(args);
          (args.at(-1) as Ack)();
        });
      });
      const { cookie, sessionId } = await app.login();
      const remote = await app.connect({ cookie });
      await remote.emitWithAck('message');
      await remote.emitWithAck('message', 'one', 'two', 'three');
      expect(
        told.map((args) => args.map((arg) => (typeof arg === 'string' ? arg : typeof arg))),
      ).to.deep.equal([
        ['undefined', 'object', 'function'],
        ['one', 'object', 'two', 'three', 'function'],
      ]);
      for (const args of told) expect(args[1]).to.have.property('id', sessionId);
    });

    it('finds what HTTP saved before', async () => {
      const app = await start();
      enablePerMessage(app).on('sconnection', (client) => {
        client.on('smessage', (_message, session, ack) => (ack as Ack)(session['test:http']));
      });
      app.express.post('/change', (request, response) => {
        request.session['test:http'] = 'changed';
        response.end();
      });
      const { cookie } = await app.login();
      const remote = await app.connect({ cookie });
      await fetch(`${app.url}/change`, { method: 'POST', headers: { cookie } });
      expect(await remote.emitWithAck('message', 'look')).to.equal('changed');
    });

    it('takes the messages of a session one after another, over all its clients', async () => {
      const app = await start();
      const working: string[] = [];
      let most = 0;
      enablePerMessage(app).on('sconnection', (client) => {
        client.on('smessage', async (message, session, ack) => {
          working.push(String(message));
          most = Math.max(most, working.length);
          const { n = 0 } = session;
          await randomTurns(5);
          session.n = n + 1;
          working.pop();
          (ack as Ack)(session.n);
        });
      });
      const { cookie, sessionId } = await app.login();
      const tabs = [await app.connect({ cookie }), await app.connect({ cookie })];
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, at) => tabs[at % 2]?.emitWithAck('message', `${at}`)),
      );
      expect(most).to.equal(1);
      expect([...answers].sort((a, b) => a - b)).to.deep.equal(
        Array.from(answers, (_, at) => at + 1),
      );
      // Those of one tab in the order in which it sent them.
      const ofTab = answers.filter((_, at) => at % 2 === 0);
      expect(ofTab).to.deep.equal([...ofTab].sort((a, b) => a - b));
      // The last one is saved after its acknowledgement.
      await tabs[0]?.emitWithAck('message', 'last');
      expect((await stored(app.store, sessionId))?.n).to.be.at.least(40);
    });

    it('lets other sessions continue meanwhile', async () => {
      const app = await start();
      let finish: () => void = () => {};
      enablePerMessage(app).on('sconnection', (client) => {
        client.on('smessage', async (message, _session, ack) => {
          if (message === 'slow') {
            await new Promise<void>((resolve) => {
              finish = resolve;
            });
          }
          (ack as Ack)(message);
        });
      });
      const [slow, quick] = [
        await app.connect(await app.login()),
        await app.connect(await app.login()),
      ];
      const answer = slow.emitWithAck('message', 'slow');
      expect(await quick.emitWithAck('message', 'quick')).to.equal('quick');
      finish();
      expect(await answer).to.equal('slow');
    });

    it('is no event that a client can send with a session of its own', async () => {
      const app = await start();
      const told: unknown[] = [];
      enablePerMessage(app).on('sconnection', (client) => {
        client.on('smessage', (message, session, ack) => {
          told.push(message, session.id);
          (ack as Ack | undefined)?.();
        });
      });
      const { cookie, sessionId } = await app.login();
      const remote = await app.connect({ cookie });
      remote.emit('smessage', 'forged', { id: 'made up' });
      await remote.emitWithAck('message', 'true');
      expect(told).to.deep.equal(['true', sessionId]);
    });

    it('is received once by `once`, and not at all by a listener that was removed', async () => {
      const app = await start();
      const calls: string[] = [];
      enablePerMessage(app).on('sconnection', (client) => {
        const gone = () => calls.push('gone');
        const own = () => calls.push('own');
        client.once('smessage', () => calls.push('once'));
        client.on('smessage', gone).on('smessage', (_message, _session, ack) => {
          calls.push('on');
          (ack as Ack)();
        });
        client.off('smessage', gone).off('smessage', () => {});
        client.on('message', own).off('message', own);
      });
      const remote = await app.connect(await app.login());
      await remote.emitWithAck('message', 1);
      await remote.emitWithAck('message', 2);
      expect(calls).to.deep.equal(['once', 'on', 'on']);
    });

    it('leaves the session as it was where the listener fails, and tells `onError`', async () => {
      const errors: unknown[] = [];
      const app = await start();
      const mistake = new Error('a mistake');
      enablePerMessage(app, { onError: (error) => errors.push(error) }).on(
        'sconnection',
        (client) => {
          client.on('smessage', async (message, session, ack) => {
            session.n = 99;
            if (message === 'fail') throw mistake;
            session.n = 1;
            (ack as Ack)();
          });
        },
      );
      const { cookie, sessionId } = await app.login();
      const remote = await app.connect({ cookie });
      remote.send('fail');
      const saved = written(app.store);
      await remote.emitWithAck('message', 'go on');
      await saved;
      expect(errors).to.deep.equal([mistake]);
      expect(await stored(app.store, sessionId)).to.have.property('n', 1);
    });

    it('leaves plain messages without a session', async () => {
      const app = await start();
      enablePerMessage(app).on('sconnection', (client) => {
        client.on('message', (...args: unknown[]) => client.emit('heard', args.length));
        client.on('disconnect', () => {});
      });
      const remote = await app.connect(await app.login());
      const seen = received(remote, 'heard');
      remote.send('hello');
      expect(await seen).to.deep.equal([1]);
    });
  });

  it('does the same for other events by `son`, the session first', async () => {
    const app = await start();
    enablePerMessage(app).on('sconnection', (client) => {
      client
        .son('add', async (session, first, second, ack) => {
          session.n = (session.n ?? 0) + Number(first) + Number(second);
          (ack as Ack)(session.n);
        })
        .son('look', (session, ack) => (ack as Ack)(session.n));
    });
    const remote = await app.connect(await app.login());
    expect(await remote.emitWithAck('add', 1, 2)).to.equal(3);
    expect(await remote.emitWithAck('look')).to.equal(3);
  });
});
