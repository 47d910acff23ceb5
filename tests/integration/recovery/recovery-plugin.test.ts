import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { useApps } from '../../support/app.js';
import { pair } from '../../support/pair.js';
import { loseConnection, reconnect, recovering } from '../../support/recovery.js';
import { until } from '../../support/waiting.js';

/** Delivers events past whatever was put in place of `onevent`, as some plugins do. */
function bypassBuffer(raw: Socket): void {
  const own: unknown = Reflect.get(Object.getPrototypeOf(raw), 'onevent');
  Reflect.set(raw, 'onevent', (packet: unknown) => Reflect.apply(own as () => void, raw, [packet]));
}

describe('Recovery is not a bypass, with a plugin that replaces `onevent`', () => {
  const start = useApps();

  it('calls no listener before `authorization` has agreed again', async () => {
    const app = await start({ server: recovering });
    let answer = (_isAllowed: boolean): void => {};
    let verdict: true | Promise<boolean> = true;
    let asked = 0;
    const { sockets } = app.expressionIO;
    sockets.authorization(() => {
      asked++;
      return verdict;
    });
    const { client, raw } = await pair(app, { cookie: (await app.login()).cookie });
    await loseConnection(client, raw);

    verdict = new Promise((resolve) => {
      answer = resolve;
    });
    const calls: string[] = [];
    app.io.on('connection', (recovered) => {
      bypassBuffer(recovered);
      recovered.on('test:barrier', (ack: () => void) => ack());
      sockets.socketOf(recovered).sessOn('test:event', () => calls.push('an event'));
    });
    await reconnect(client);
    expect(client.recovered).to.equal(true);
    await until(() => asked === 2);
    for (let count = 0; count < 5; count++) {
      client.emit('test:event');
      await client.emitWithAck('test:barrier');
    }
    expect(calls).to.deep.equal([]);

    const left = new Promise((resolve) => client.once('disconnect', resolve));
    answer(false);
    expect(await left).to.equal('io server disconnect');
    expect(calls).to.deep.equal([]);
  });
});
