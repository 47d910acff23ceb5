/**
 * @module Patterns that more than one part of a program uses: Socket.IO would make a namespace for each,
 * and pass connections to one of them only.
 */

import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { ExpressionSocket } from '../../../source/index.js';
import { App, connected, secret } from '../../support/app.js';

const isRoom = (name: string, _auth: unknown, next: (err: null, ok: boolean) => void): void =>
  next(null, name.startsWith('/room-'));

const patterns = {
  'a regular expression': () => /^\/room-/,
  'a function': () => isRoom,
};

for (const [kind, pattern] of Object.entries(patterns)) {
  describe(`The wrapper of ${kind}`, () => {
    let app: App;

    beforeEach(async () => {
      app = await App.start();
    });

    afterEach(() => app.stop());

    it('gets its connections also where another instance on the server wraps the same one', async () => {
      const other = new ExpressionSocket(app.io, app.store, cookieParser(secret));
      const announced: string[] = [];
      app.expressionIO.of(pattern()).on('connection', () => announced.push('first'));
      other.of(pattern()).on('connection', () => announced.push('second'));
      await connected(app.client({ namespace: '/room-1' }));
      other.close();

      expect(announced).to.deep.equal(['first', 'second']);
    });

    it('gets them, and asks its `authorization`, also where the application has called `io.of` before', async () => {
      const namespace = app.io.of(pattern());
      const wrapper = app.expressionIO.of(pattern());
      const asked = new Promise((resolve) => {
        wrapper.authorization((err) => {
          resolve(err?.code);
          return true;
        });
      });
      await connected(app.client({ namespace: '/room-1' }));

      expect(await asked).to.equal('ERR_SESSION_COOKIE_MISSING');
      expect(wrapper.namespace).to.equal(namespace);
    });
  });
}
