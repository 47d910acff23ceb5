import { expect } from 'chai';
import { App, connected } from '../../support/app.js';
import { pair } from '../../support/pair.js';
import { loseConnection, packets, recovering } from '../../support/recovery.js';
import { ControlledStore } from '../../support/stores.js';

describe('Recovery is not a bypass, by the room of a session', () => {
  let app: App;
  let store: ControlledStore;

  beforeEach(async () => {
    store = new ControlledStore();
    app = await App.start({ store, server: recovering });
  });
  afterEach(() => app.stop());

  it('has a hash of the session id for its name, and no id', async () => {
    const { cookie, sessionId } = await app.login();
    const { raw } = await pair(app, { cookie });
    const rooms = [...raw.rooms].filter((room) => room !== raw.id);
    expect(rooms).to.have.length(1);
    expect(rooms[0])
      .to.match(/^expression\.socket\.io:[\w-]{43}$/)
      .and.not.to.contain(sessionId);
  });

  it('is not confused with a room of the application', async () => {
    const { client, raw } = await pair(app);
    raw.join('session:42');
    raw.join('expression.socket.io:42');
    await loseConnection(client, raw);
    const announced = new Promise<boolean>((resolve) => {
      app.expressionIO.sockets.on('connection', (_err, _session, socket) =>
        resolve(socket.rooms.has('session:42')),
      );
    });
    client.connect();
    expect(await announced).to.equal(true);
  });

  it('delivers the other held events where a listener throws for one', async () => {
    const { cookie } = await app.login();
    const { client, raw } = await pair(app, { cookie });
    const seen: unknown[] = [];
    const mistakes: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => mistakes.push(error));
    try {
      app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
        socket.onAny((_event, number) => {
          if (number === 1) throw new Error('a mistake');
        });
        socket.on('vote', (number) => seen.push(number));
        socket.on('last', (ack) => ack());
      });
      await loseConnection(client, raw);
      let answer = (): void => {};
      store.onGet = (_id, _callback, read) => {
        store.onGet = undefined;
        answer = read;
      };
      const held = packets(app, 4);
      client.connect();
      await connected(client);
      for (const number of [1, 2, 3]) client.emit('vote', number);
      const last = client.emitWithAck('last');
      await held;
      answer();
      await last;
      expect(seen).to.deep.equal([2, 3]);
      expect(mistakes).to.have.length(1);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const other of others) process.on('uncaughtException', other);
    }
  });
});
