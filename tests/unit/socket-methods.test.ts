import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import fc from 'fast-check';
import sinon from 'sinon';
import type { Socket } from 'socket.io';
import type { Listener } from '../../source/sockets/listener-links.js';
import { SocketMethods } from '../../source/sockets/socket-methods.js';
import { SocketProxies } from '../../source/sockets/socket-proxies.js';

/** What the methods do, whatever the types of a socket say of them. */
interface Listening {
  [member: string]: (...args: unknown[]) => unknown;
}

const adders = ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'];
const sessionless = ['disconnecting', 'error', 'newListener', 'removeListener', 'sessionend'];

describe('the methods of a prototyped socket', () => {
  let raw: EventEmitter;
  let endEvents: EventEmitter;
  let receive: sinon.SinonSpy;
  let socket: Listening;
  let methods: SocketMethods;
  let listener: sinon.SinonStub & Listener;

  function build(alwaysSession = false): void {
    raw = new EventEmitter();
    endEvents = new EventEmitter();
    listener = sinon.stub();
    methods = methodsWith(alwaysSession);
    // To these methods a socket is an emitter.
    socket = new SocketProxies(methods).of(raw as Socket) as unknown as Listening;
  }

  function methodsWith(alwaysSession: boolean): SocketMethods {
    return new SocketMethods(alwaysSession, (of) => ({
      receive: (...args) => receive(of, ...args),
      reportListener: sinon.stub(),
      endEvents,
    }));
  }

  beforeEach(() => {
    receive = sinon.spy();
    build();
  });

  describe('`sessOn`', () => {
    it('passes each event to the controller of its raw socket, with its name, listener and arguments', () => {
      socket.sessOn?.('vote', listener);
      raw.emit('vote', 0, undefined);
      raw.emit('vote');

      expect(receive.args).to.deep.equal([
        [raw, 'vote', listener, [0, undefined]],
        [raw, 'vote', listener, []],
      ]);
      expect(listener.called).to.equal(false);
    });

    it('does not call an `on` that was assigned to the prototyped socket', () => {
      const assigned = sinon.stub();
      socket.on = assigned;
      socket.sessOn?.('vote', listener);
      raw.emit('vote');

      expect(assigned.called).to.equal(false);
      expect(receive.calledOnceWithExactly(raw, 'vote', listener, [])).to.equal(true);
    });

    it('takes symbols for names', () => {
      const event = Symbol('vote');
      socket.sessOn?.(event, listener);
      raw.emit(event);

      expect(receive.calledOnceWithExactly(raw, event, listener, [])).to.equal(true);
    });

    it('refuses values that are not functions', () => {
      for (const wrong of [undefined, null, 'text', {}]) {
        expect(() => socket.sessOn?.('vote', wrong)).to.throw(TypeError, '`sessOn`: expected');
      }
      expect(raw.eventNames()).to.deep.equal([]);
    });
  });

  describe('`sessOnce`', () => {
    it('passes on one event', () => {
      socket.sessOnce?.('vote', listener);
      raw.emit('vote', 1);
      raw.emit('vote', 2);

      expect(receive.args).to.deep.equal([[raw, 'vote', listener, [1]]]);
    });

    it('is removed before it passes on the event', () => {
      const counts: number[] = [];
      receive = sinon.fake(() => counts.push(raw.listenerCount('vote')));
      build();
      socket.sessOnce?.('vote', listener);
      raw.emit('vote');

      expect(counts).to.deep.equal([0]);
    });
  });

  describe('without `alwaysSession`', () => {
    for (const name of adders) {
      it(`\`${name}\` puts the listener itself on the raw socket`, () => {
        socket[name]?.('vote', listener);
        raw.emit('vote', 'yes');

        expect(listener.calledOnceWithExactly('yes')).to.equal(true);
        expect(receive.called).to.equal(false);
      });
    }
  });

  describe('with `alwaysSession`', () => {
    beforeEach(() => build(true));

    for (const name of adders) {
      it(`\`${name}\` does what \`sessOn\` does`, () => {
        socket[name]?.('vote', listener);
        raw.emit('vote', 'yes');

        expect(receive.args).to.deep.equal([[raw, 'vote', listener, ['yes']]]);
        expect(listener.called).to.equal(false);
      });

      it(`\`${name}\` refuses values that are not functions, and names itself`, () => {
        expect(() => socket[name]?.('vote', 1)).to.throw(TypeError, `\`${name}\`: expected`);
      });
    }

    for (const event of sessionless) {
      it(`\`on\` leaves \`${event}\` without a session`, () => {
        socket.on?.(event, listener);
        (event === 'sessionend' ? endEvents : raw).emit(event, 'reason');

        expect(listener.lastCall.args).to.deep.equal(['reason']);
        expect(receive.called).to.equal(false);
      });
    }
  });

  describe('looking listeners up', () => {
    it('finds listeners of `sessOn` by the functions that were passed', () => {
      socket.sessOn?.('vote', listener);

      expect(socket.listeners?.('vote')).to.deep.equal([listener]);
      expect(socket.listenerCount?.('vote', listener)).to.equal(1);
      expect(socket.off?.('vote', listener)).to.equal(socket);
      expect(raw.listenerCount('vote')).to.equal(0);
    });

    it('agrees with an emitter of Node.js after any number of changes', () => {
      const functions = [(): void => {}, (): void => {}];
      const pairs: Record<string, string> = {
        sessOn: 'on',
        sessOnce: 'once',
        on: 'on',
        once: 'once',
        prependListener: 'prependListener',
        prependOnceListener: 'prependOnceListener',
        off: 'off',
        removeListener: 'removeListener',
        removeAllListeners: 'removeAllListeners',
        emit: 'emit',
      };
      const change = fc.tuple(
        fc.constantFrom(...Object.keys(pairs)),
        fc.constantFrom('vote', 'news', 'sessionend'),
        fc.constantFrom(...functions),
      );
      fc.assert(
        fc.property(fc.array(change), fc.boolean(), (changes, alwaysSession) => {
          build(alwaysSession);
          const model = new EventEmitter() as unknown as Listening;
          for (const [name, event, given] of changes) {
            // Nobody but the library can emit it.
            if (name === 'emit' && event === 'sessionend') continue;
            const args =
              name === 'removeAllListeners' || name === 'emit' ? [event] : [event, given];
            socket[name]?.(...args);
            model[pairs[name] ?? name]?.(...args);
          }
          for (const event of ['vote', 'news', 'sessionend']) {
            expect(socket.listeners?.(event)).to.deep.equal(model.listeners?.(event));
            for (const given of functions) {
              expect(socket.listenerCount?.(event, given)).to.equal(
                model.listenerCount?.(event, given),
              );
            }
          }
          expect(socket.eventNames?.()).to.have.members(model.eventNames?.() as string[]);
        }),
      );
    });
  });

  describe('`release`', () => {
    it('removes the listeners that get a session, and no others', () => {
      socket.sessOn?.('vote', listener);
      socket.sessOnce?.('news', listener);
      socket.on?.('vote', listener);
      methods.release(raw as Socket);

      expect(socket.rawListeners?.('vote')).to.deep.equal([listener]);
      expect(raw.eventNames()).to.deep.equal(['vote']);
    });

    it('keeps a listener without a session that another library wraps', () => {
      const { on } = raw;
      raw.on = function (event, wrapped) {
        return on.call(this, event, (...args) => wrapped(...args));
      };
      socket.on?.('vote', listener);
      socket.sessOn?.('vote', listener);
      methods.release(raw as Socket);

      expect(raw.listenerCount('vote')).to.equal(1);
    });

    it('keeps the listeners of another instance', () => {
      const other = methodsWith(false);
      const another = new SocketProxies(other).of(raw as Socket) as unknown as Listening;
      another.sessOn?.('vote', listener);
      methods.release(raw as Socket);

      expect(raw.listenerCount('vote')).to.equal(1);
    });
  });

  it('may be called on an object that is derived from the prototyped socket', () => {
    const derived: Listening = Object.create(socket);

    expect(derived.sessOn?.('vote', listener)).to.equal(derived);
    expect(raw.listeners('vote')).to.deep.equal([listener]);
  });

  it('call a listener of `sessOnce` once, though another library registers it twice', () => {
    const { on } = raw;
    raw.on = function (event, wrapped) {
      on.call(this, event, (...args) => wrapped(...args));
      return on.call(this, event, (...args) => wrapped(...args));
    };
    socket.sessOnce?.('vote', listener);
    raw.emit('vote');
    raw.emit('vote');

    expect(receive.callCount).to.equal(1);
  });

  it('let a wrapper of another library remove itself, though a second library wraps it again', () => {
    class Traced extends EventEmitter {
      override once(event: string, traced: Listener): this {
        const once: Listener = (...args) => {
          this.off(event, once);
          return traced(...args);
        };
        return this.on(event, once);
      }
    }
    raw = new Traced();
    const { on } = raw;
    raw.on = function (event, traced) {
      return on.call(this, event, (...args) => traced(...args));
    };
    socket = new SocketProxies(methods).of(raw as Socket) as unknown as Listening;
    socket.once?.('vote', listener);
    raw.emit('vote');
    raw.emit('vote');

    expect(listener.callCount).to.equal(1);
    expect(raw.listenerCount('vote')).to.equal(0);
  });
});
