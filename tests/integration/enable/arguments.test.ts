/**
 * @module The arguments of `enable`: both documented forms, and what is said of wrong ones.
 */

import { inspect } from 'node:util';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { MemoryStore } from 'express-session';
import { Server } from 'socket.io';
import { enable } from '../../../source/socket.io-sessions/index.js';
import { secret } from '../../support/app.js';

const parser = cookieParser(secret);
const cutter = () => 'id';

describe('`enable`', () => {
  const store = new MemoryStore();
  let socket: Server;

  beforeEach(() => {
    socket = new Server();
  });

  /** Calls it as JavaScript may. */
  function call(...args: unknown[]): unknown {
    return Reflect.apply(enable, undefined, args);
  }

  function complaint(...args: unknown[]): string {
    try {
      call(...args);
    } catch (error) {
      if (error instanceof TypeError) return error.message;
      throw error;
    }
    throw new Error('the arguments were taken');
  }

  describe('in its second form, `enable({ socket, store, parser })`', () => {
    for (const given of [
      { parser },
      { cutter },
      { parser, per_message: true },
      { parser, per_message: false },
      { parser, key: 'sid', origins: false, storeTimeout: 100, ticket: { once: true } },
      { cutter, ticket: { secret }, resourcePolicy: 'cross-origin' },
      { parser, cutter: undefined, per_message: undefined },
    ]) {
      it(`takes ${inspect(given)}`, () => {
        expect(call({ socket, store, ...given })).to.respondTo('on');
      });
    }
  });

  describe('in its first form, `enable(socket, store, options)`', () => {
    for (const given of [
      { parser },
      { cutter },
      { parser, per_message: 1 },
      { parser, per_message: 0 },
    ]) {
      it(`takes ${inspect(given)}`, () => {
        expect(call(socket, store, given)).to.respondTo('on');
      });
    }
  });

  it('reads inherited options, too', () => {
    expect(complaint(socket, store, Object.create({ parser, origins: 5 }))).to.include('`origins`');
    expect(complaint(socket, store, Object.create({ parser, origin: [] }))).to.include('`origin`');
  });

  it('refuses what is no server, or nothing at all', () => {
    expect(complaint()).to.match(/`enable`: expected `\{ socket, store, parser \}`.*got undefined/);
    expect(complaint(null)).to.include('got null');
    expect(complaint('io')).to.include('got a string');
    expect(complaint({ store, parser })).to.match(
      /`socket`: expected a Socket\.IO 4 server.*undefined/,
    );
    expect(complaint({ socket: {}, store, parser })).to.match(/`socket`: .*got an object/);
  });

  it('refuses what is no store', () => {
    expect(complaint({ socket, parser })).to.match(/`store`: .*got undefined/);
    expect(complaint(socket)).to.match(/`store`: .*got undefined/);
    expect(complaint(socket, {}, { parser })).to.match(/`store`: .*got an object/);
  });

  it('refuses neither `parser` nor `cutter`, as the first version had it, and says why', () => {
    for (const args of [
      [socket, store],
      [{ socket, store }],
      [socket, store, { per_message: 1 }],
    ]) {
      expect(complaint(...args)).to.match(/`parser`.*or `cutter`, got neither.*made-up/);
    }
  });

  it('refuses both of them', () => {
    expect(complaint({ socket, store, parser, cutter })).to.include('got both');
  });

  it('refuses what is no function in their places', () => {
    expect(complaint({ socket, store, parser: secret }))
      .to.match(/`parser`: .*got a string/)
      .and.not.to.include(secret);
    expect(complaint({ socket, store, cutter: 'connect.sid' })).to.match(
      /`cutter`: .*got a string/,
    );
  });

  for (const value of ['yes', 2, null, {}]) {
    it(`refuses ${inspect(value)} for \`per_message\``, () => {
      expect(complaint({ socket, store, parser, per_message: value })).to.include('`per_message`');
    });
  }

  it('refuses options that it does not know, by their names and with those that there are', () => {
    for (const name of ['perMessage', 'cookie', 'constructor', '__proto__x']) {
      expect(complaint({ socket, store, parser, [name]: 1 }))
        .to.include(`Unknown option \`${name}\``)
        .and.to.include('socket, store, per_message, parser, cutter')
        .and.to.include('storeTimeout');
    }
    expect(complaint(socket, store, { parser, socket })).to.include('`socket`');
    expect(complaint(socket, store, [])).to.include('an object of options');
  });

  for (const name of ['alwaysSession', 'autoErrManager', 'sessionId']) {
    it(`refuses \`${name}\`, which it sets itself`, () => {
      expect(complaint({ socket, store, parser, [name]: true })).to.include(
        `\`${name}\` cannot be set`,
      );
    });
  }

  it('refuses a wrong `resourcePolicy`, and wrong options of the class', () => {
    expect(complaint({ socket, store, parser, resourcePolicy: '*' })).to.include(
      '`resourcePolicy`',
    );
    expect(complaint({ socket, store, parser, storeTimeout: 0 })).to.include('`storeTimeout`');
    expect(complaint({ socket, store, parser, ticket: true })).to.include('`ticket`');
  });

  for (const ticket of [null, true, 'keyboard cat', [], { secret: null }]) {
    it(`refuses ${inspect(ticket)} for \`ticket\`, with a \`cutter\` as well`, () => {
      expect(complaint({ socket, store, cutter: () => undefined, ticket }))
        .to.match(/^`ticket(\.secret)?`: expected/)
        .and.not.to.include('keyboard');
    });
  }

  it('refuses other events than its own, and what is no listener', () => {
    const sessions = enable({ socket, store, parser });
    const on =
      (...args: unknown[]) =>
      () =>
        Reflect.apply(sessions.on, sessions, args);
    expect(on('connection', () => {})).to.throw(TypeError, "'sconnection' or 'sinvalid'");
    expect(on(undefined, () => {})).to.throw(TypeError, 'undefined');
    expect(on('sconnection', 'listener')).to.throw(TypeError, 'a function');
    expect(on('sconnection')).to.throw(TypeError, 'a function');
  });
});
