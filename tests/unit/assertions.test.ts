/**
 * @module Wrong arguments: a `TypeError` at once, which says what was expected and what came.
 */

import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import { inspect } from 'node:util';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { MemoryStore } from 'express-session';
import { stub } from 'sinon';
import type { Socket } from 'socket.io';
import { Server } from 'socket.io';
import { ExpressionSocket } from '../../source/index.js';
import { SocketMethods } from '../../source/sockets/socket-methods.js';
import { SocketProxies } from '../../source/sockets/socket-proxies.js';

/** The constructor and the methods as JavaScript may call them. */
type Unchecked = new (
  ...args: unknown[]
) => {
  readonly sockets: UncheckedWrapper;
  of(...args: unknown[]): UncheckedWrapper;
};

interface UncheckedWrapper {
  on(...args: unknown[]): unknown;
  off(...args: unknown[]): unknown;
  authorization(...args: unknown[]): unknown;
}

const Facade = ExpressionSocket as unknown as Unchecked;
const parser = cookieParser('keyboard cat');

/** Values that are no listener, and how an error calls them. */
const noListeners = [
  [undefined, 'undefined'],
  [null, 'null'],
  ['vote', 'a string'],
  [{ handle() {} }, 'an object'],
  [Promise.resolve(), 'a Promise'],
] as const;

describe('the constructor', () => {
  describe('`io`', () => {
    for (const [value, shown] of [
      [undefined, 'undefined'],
      [null, 'null'],
      [3000, 'a number'],
      [{}, 'an object'],
      [Server, 'the function `Server`'],
      [createServer(), 'an `http.Server`; pass the Socket.IO `Server` that is attached to it'],
      [new Server().of('/chat'), 'a Namespace'],
    ] as const) {
      it(`refuses ${shown}: ${inspect(value, { depth: -1 })}`, () => {
        expect(() => new Facade(value, new MemoryStore(), parser)).to.throw(
          TypeError,
          /^`io`: expected a Socket\.IO 4 server.*, got /,
        );
        expect(() => new Facade(value, new MemoryStore(), parser)).to.throw(`got ${shown}`);
      });
    }
  });

  describe('`store`', () => {
    const half = { get() {}, set() {}, destroy() {} };

    for (const [value, shown] of [
      [undefined, 'undefined'],
      [null, 'null'],
      ['redis://localhost', 'a string'],
      [MemoryStore, 'the function `MemoryStore`'],
      [new Map(), 'a Map'],
      [half, 'an object'],
    ] as const) {
      it(`refuses ${shown}: ${inspect(value, { depth: -1 })}`, () => {
        expect(() => new Facade(new Server(), value, parser)).to.throw(
          TypeError,
          /^`store`: expected a session store of express-session .*, got /,
        );
        expect(() => new Facade(new Server(), value, parser)).to.throw(`got ${shown}`);
      });
    }

    it('takes a store that inherits its methods', () => {
      class OwnStore extends MemoryStore {}
      expect(() => new Facade(new Server(), new OwnStore(), parser)).not.to.throw();
    });
  });

  describe('`cookieParser`', () => {
    for (const [value, shown] of [
      [undefined, 'undefined'],
      [null, 'null'],
      [{ secret: 'keyboard cat' }, 'an object'],
      [['keyboard cat'], 'an Array'],
    ] as const) {
      it(`refuses ${inspect(value)}`, () => {
        expect(() => new Facade(new Server(), new MemoryStore(), value)).to.throw(
          TypeError,
          `\`cookieParser\`: expected a middleware such as \`cookieParser(secret)\`, got ${shown}`,
        );
      });
    }

    it('refuses `cookieParser` itself, which was not called with the secret', () => {
      expect(() => new Facade(new Server(), new MemoryStore(), cookieParser)).to.throw(
        TypeError,
        'expected what `cookieParser(secret)` returns, got `cookieParser` itself',
      );
    });

    it('refuses a secret in place of the parser, and does not repeat it', () => {
      expect(() => new Facade(new Server(), new MemoryStore(), 'keyboard cat'))
        .to.throw(TypeError, 'got a string')
        .with.property('message')
        .that.does.not.include('keyboard cat');
    });
  });

  describe('`options`', () => {
    it('refuses a wrong one', () => {
      expect(() => new Facade(new Server(), new MemoryStore(), parser, { key: 5 })).to.throw(
        TypeError,
        '`key`: expected the name of a cookie, got 5',
      );
    });

    it('refuses an unknown one', () => {
      expect(() => new Facade(new Server(), new MemoryStore(), parser, { keys: 'a' })).to.throw(
        TypeError,
        '`keys`',
      );
    });

    it('may be left out', () => {
      expect(() => new Facade(new Server(), new MemoryStore(), parser)).not.to.throw();
    });
  });

  it('leaves the server as it was when it refuses', () => {
    const io = new Server();
    expect(() => new Facade(io, new MemoryStore(), parser, { key: 5 })).to.throw();
    expect(io.of('/').listeners('connection')).to.deep.equal([]);
  });
});

describe('`of`', () => {
  const expressionIO = new Facade(new Server(), new MemoryStore(), parser);

  for (const [value, shown] of [
    [undefined, 'undefined'],
    [null, 'null'],
    [7, 'a number'],
    [['/chat'], 'an Array'],
    [new EventEmitter(), 'an EventEmitter'],
  ] as const) {
    it(`refuses ${shown}`, () => {
      expect(() => expressionIO.of(value)).to.throw(
        TypeError,
        `\`of\`: expected a namespace, or its name as a string, regular expression or function, got ${shown}`,
      );
    });
  }

  it('refuses a namespace of another server', () => {
    expect(() => expressionIO.of(new Server().of('/chat'))).to.throw(
      TypeError,
      '`of`: expected a namespace of this server, got one of another',
    );
  });

  it('refuses a server', () => {
    expect(() => expressionIO.of(new Server())).to.throw(TypeError, 'got a server; pass');
  });
});

describe('a wrapper', () => {
  const { sockets } = new Facade(new Server(), new MemoryStore(), parser);

  for (const [value, shown] of noListeners) {
    for (const event of ['connection', 'connect', 'a server-side event']) {
      it(`refuses ${shown} as a listener of '${event}' in \`on\``, () => {
        expect(() => sockets.on(event, value)).to.throw(
          TypeError,
          `\`on\`: expected a function as its listener, got ${shown}`,
        );
      });
    }

    it(`refuses ${shown} as a listener in \`off\``, () => {
      expect(() => sockets.off('connection', value)).to.throw(
        TypeError,
        `\`off\`: expected a function as its listener, got ${shown}`,
      );
    });

    it(`refuses ${shown} as a listener of \`authorization\``, () => {
      expect(() => sockets.authorization(value)).to.throw(
        TypeError,
        `\`authorization\`: expected a function as its listener, got ${shown}`,
      );
    });
  }
});

describe('a prototyped socket', () => {
  /** The methods over an emitter that stands for a raw socket; nothing is ever received. */
  function prototypedSocket(
    alwaysSession: boolean,
  ): Record<string, (...args: unknown[]) => unknown> {
    const methods = new SocketMethods(alwaysSession, () => ({
      receive: stub(),
      reportListener: stub(),
      endEvents: new EventEmitter(),
    }));
    const socket: unknown = new SocketProxies(methods).of(new EventEmitter() as Socket);
    return socket as Record<string, (...args: unknown[]) => unknown>;
  }

  for (const [value, shown] of noListeners) {
    for (const method of ['sessOn', 'sessOnce']) {
      it(`refuses ${shown} as a listener in \`${method}\``, () => {
        expect(() => prototypedSocket(false)[method]?.('vote', value)).to.throw(
          TypeError,
          `\`${method}\`: expected a function as its listener, got ${shown}`,
        );
      });
    }

    for (const method of ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener']) {
      it(`refuses ${shown} as a listener in \`${method}\`, under \`alwaysSession\``, () => {
        expect(() => prototypedSocket(true)[method]?.('vote', value)).to.throw(
          TypeError,
          `\`${method}\`: expected a function as its listener, got ${shown}`,
        );
      });
    }
  }

  it('refuses a listener also for an event that never has a session', () => {
    expect(() => prototypedSocket(false).sessOn?.('disconnecting', 'leave')).to.throw(
      TypeError,
      '`sessOn`: expected a function as its listener, got a string',
    );
  });
});
