/**
 * @module Recovered clients that leave, or are refused, before they are admitted.
 */

import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { App } from '../../support/app.js';
import { pair } from '../../support/pair.js';
import { loseConnection, recovering } from '../../support/recovery.js';
import { ControlledStore } from '../../support/stores.js';

describe('A recovered client that is not admitted', () => {
  for (const options of [{}, { autoErrManager: true }]) {
    describe(`with ${JSON.stringify(options)}`, () => {
      let store: ControlledStore;
      let app: App;
      let cookie: string;

      beforeEach(async () => {
        store = new ControlledStore();
        const settings: object = { store, server: recovering, options };
        app = await App.start(settings);
        ({ cookie } = await app.login());
      });
      afterEach(() => app.stop());

      /** What the `disconnect` listener of a plugin is told for the next connection, up to the reason. */
      function told(): Promise<unknown[]> {
        return new Promise((resolve) => {
          app.io.once('connection', (raw: Socket) => {
            app.expressionIO.sockets
              .socketOf(raw)
              .sessOn('disconnect', (...args: unknown[]) => resolve(args.slice(0, -1)));
          });
        });
      }

      /** The arguments without the session, as an application with these options is given them. */
      function argumentsOf(error: unknown, reason: string): unknown[] {
        return 'autoErrManager' in options ? [null, reason] : [error, null, reason];
      }

      it('has its `disconnect` listeners called without a session where it leaves', async () => {
        const { client, raw } = await pair(app, { cookie });
        await loseConnection(client, raw);
        const reading = new Promise<void>((resolve) => {
          store.onGet = () => resolve();
        });
        const disconnected = told();
        client.connect();
        await reading;
        client.io.engine.close();
        const [error, ...others] = await disconnected;

        expect([code(error), ...others]).to.deep.equal(
          argumentsOf('ERR_SESSION_REFUSED', 'transport close'),
        );
      });

      it('has its `disconnect` listeners called without a session where it is refused', async () => {
        let isWelcome = true;
        app.expressionIO.sockets.authorization(() => isWelcome);
        const { client, raw } = await pair(app, { cookie });
        await loseConnection(client, raw);
        isWelcome = false;
        const disconnected = told();
        client.connect();
        const [error, ...others] = await disconnected;

        expect([code(error), ...others]).to.deep.equal(
          argumentsOf('ERR_SESSION_REFUSED', 'server namespace disconnect'),
        );
      });
    });
  }
});

/** The code of an error; anything else as it is. */
function code(value: unknown): unknown {
  return value instanceof Error ? Reflect.get(value, 'code') : value;
}
