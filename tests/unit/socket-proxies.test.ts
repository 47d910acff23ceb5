import { expect } from 'chai';
import fc from 'fast-check';
import sinon from 'sinon';
import type { MethodTable } from '../../source/sockets/socket-proxies.js';
import { type FakeProxies, FakeSocket, fakeProxies } from '../support/fake-socket.js';

const nothing: MethodTable = { overrides: {}, additions: {} };

describe('A prototyped socket', () => {
  let raw: FakeSocket;
  let proxies: FakeProxies;
  let socket: FakeSocket;

  beforeEach(() => {
    raw = new FakeSocket();
    proxies = fakeProxies(nothing);
    socket = proxies.of(raw);
  });

  it('is one for each raw socket', () => {
    expect(proxies.of(raw)).to.equal(socket);
    expect(proxies.of(new FakeSocket())).to.not.equal(socket);
    expect(socket).to.not.equal(raw);
  });

  it('is an instance of the class of its raw socket', () => {
    expect(socket).to.be.an.instanceOf(FakeSocket);
    expect(socket.constructor).to.equal(FakeSocket);
  });

  it('does not change its raw socket by being made', () => {
    const frozen = Object.freeze(new FakeSocket());

    expect(proxies.of(frozen).size).to.equal(0);
    expect(Reflect.ownKeys(raw)).to.deep.equal(Reflect.ownKeys(new FakeSocket()));
  });

  it('shows what the raw socket becomes', () => {
    raw.sent = [1, 2];

    expect(socket.sent).to.equal(raw.sent);
    expect(socket.size).to.equal(2);
  });

  it('writes on the raw socket', () => {
    socket.sent = [1];
    socket.onlySent = 5;
    Object.assign(socket, { note: 'new' });

    expect(raw.sent).to.deep.equal([5]);
    expect(raw).to.have.property('note', 'new');
  });

  it('refuses to assign properties that are read-only on the raw socket', () => {
    expect(() => Object.assign(socket, { size: 1 })).to.throw(TypeError);
  });

  it('deletes and defines on the raw socket', () => {
    Object.defineProperty(socket, 'note', { value: 1, configurable: true });
    expect(raw).to.have.property('note', 1);

    Reflect.deleteProperty(socket, 'note');
    expect(raw).to.not.have.property('note');
  });

  it('returns itself where the raw socket returns itself', () => {
    expect(socket.volatile).to.equal(socket);
    expect(socket.timeout(1)).to.equal(socket);
    expect(socket.me()).to.equal(socket);
  });

  it('runs methods and getters with itself as `this`', () => {
    const emit = sinon.spy(FakeSocket.prototype, 'emit');
    try {
      socket.emit('on');

      expect(emit.calledOn(socket)).to.equal(true);
      expect(emit.calledOnceWithExactly('on')).to.equal(true);
      expect(socket.itself).to.equal(socket);
    } finally {
      emit.restore();
    }
  });

  it('lets the raw socket use up its flags', () => {
    socket.volatile.timeout(5).emit('on');

    expect(raw.flags).to.deep.equal({});
    expect(raw.sent).to.deep.equal([['on', { volatile: true, timeout: 5 }]]);
  });

  it('has the same function for a method each time, of the same name and length', () => {
    expect(socket.timeout).to.equal(socket.timeout);
    expect(socket.timeout).to.equal(proxies.of(new FakeSocket()).timeout);
    expect([socket.timeout.name, socket.timeout.length]).to.deep.equal(['timeout', 1]);
  });

  it('runs the function that replaced a method of the raw socket', () => {
    socket.seal();

    expect(socket.emit('on')).to.equal(false);
    expect(raw.sent).to.deep.equal([]);
  });

  it('is returned by a function that replaced a method of the raw socket and returns that', () => {
    raw.timeout = () => raw;

    expect(socket.timeout(1)).to.equal(socket);
  });

  it('shows functions that are not methods of the class as they are', () => {
    const own = (): void => {};
    Object.assign(raw, { own });

    expect(Reflect.get(socket, 'own')).to.equal(own);
  });

  it('runs a method on whatever else it is called on', () => {
    const other = new FakeSocket();
    socket.emit.call(other, 'on');

    expect(other.sent).to.have.lengthOf(1);
    expect(raw.sent).to.have.lengthOf(0);
  });

  it('passes on what a method throws', () => {
    const failure = new Error('failed');
    Object.assign(raw, { emit: sinon.stub().throws(failure) });

    expect(() => socket.emit('on')).to.throw(failure);
  });

  it('shows the same keys as the raw socket', () => {
    expect(Object.keys(socket)).to.deep.equal(Object.keys(raw));
    expect('timeout' in socket).to.equal(true);
    expect('sessOn' in socket).to.equal(false);
  });

  it('leaves the raw socket as if all had been done on it directly', () => {
    const deeds: Record<string, (one: FakeSocket, value: number) => unknown> = {
      volatile: (one) => one.volatile,
      timeout: (one, value) => one.timeout(value),
      emit: (one, value) => one.emit(value),
      chain: (one, value) => one.volatile.timeout(value).emit(value),
      write: (one, value) => Object.assign(one, { flags: { value } }),
      onlySent: (one, value) => Object.assign(one, { onlySent: value }),
      delete: (one) => Reflect.deleteProperty(one, 'flags') && Object.assign(one, { flags: {} }),
    };
    const sequences = fc.array(fc.tuple(fc.constantFrom(...Object.keys(deeds)), fc.nat(9)));
    fc.assert(
      fc.property(sequences, (sequence) => {
        const direct = new FakeSocket();
        const prototyped = new FakeSocket();
        for (const [name, value] of sequence) {
          deeds[name]?.(direct, value);
          deeds[name]?.(proxies.of(prototyped), value);
        }
        expect({ ...prototyped }).to.deep.equal({ ...direct });
      }),
    );
  });

  describe('what is put on it', () => {
    const put = (): boolean => false;

    it('reads back, and is its own property as of any object', () => {
      socket.emit = put;

      expect(socket.emit).to.equal(put);
      expect(Object.hasOwn(socket, 'emit')).to.equal(true);
      expect(Object.getOwnPropertyDescriptor(socket, 'emit')).to.deep.equal({
        value: put,
        writable: true,
        enumerable: true,
        configurable: true,
      });
      expect(Object.keys(socket)).to.include('emit');
    });

    it('is gone when it is deleted', () => {
      const { emit } = socket;
      socket.emit = put;
      Reflect.deleteProperty(socket, 'emit');

      expect(socket.emit).to.equal(emit);
      expect(Object.hasOwn(socket, 'emit')).to.equal(false);
    });

    it('is called with the prototyped socket as `this`, by the raw socket as well', () => {
      const seen: unknown[] = [];
      socket.emit = function (this: unknown) {
        return seen.push(this) > 0;
      };
      socket.emit(1);
      raw.emit(1);
      raw.me();

      expect(seen).to.deep.equal([socket, socket]);
      expect(seen[1]).to.equal(socket);
    });

    it('may be fixed for good', () => {
      Object.defineProperty(socket, 'emit', { value: put });

      expect(socket.emit).to.equal(put);
      expect(raw.emit).to.equal(put);
      expect(Object.getOwnPropertyDescriptor(socket, 'emit')?.configurable).to.equal(false);
      expect(Reflect.set(socket, 'emit', () => true)).to.equal(false);
    });

    it('may be an accessor', () => {
      const seen: unknown[] = [];
      Object.defineProperty(socket, 'emit', {
        get() {
          seen.push(this);
          return put;
        },
      });

      expect(socket.emit).to.equal(put);
      expect(seen[0]).to.equal(socket);
    });

    it('runs no getter of the class', () => {
      const fixed = (): number => 1;
      Object.defineProperty(socket, 'itself', { value: fixed, configurable: true });

      expect(socket.itself).to.equal(fixed);
    });

    it('may be the prototyped socket itself', () => {
      Object.assign(socket, { me: socket });

      expect(Reflect.get(socket, 'me')).to.equal(socket);
    });
  });

  describe('`rawOf`', () => {
    it('finds the raw socket of a prototyped one, and of what is derived from it or wraps it', () => {
      expect(proxies.rawOf(socket)).to.equal(raw);
      expect(proxies.rawOf(Object.create(Object.create(socket)))).to.equal(raw);
      expect(proxies.rawOf(new Proxy(socket, {}))).to.equal(raw);
    });

    it('returns everything else as it is', () => {
      const bare = Object.create(null);
      expect(proxies.rawOf(raw)).to.equal(raw);
      expect(proxies.rawOf(bare)).to.equal(bare);
    });
  });

  describe('as the prototype of another object', () => {
    it('keeps the state that methods leave', () => {
      const derived: FakeSocket = Object.create(socket);
      derived.volatile.emit('on');
      derived.emit('off');

      expect(raw.sent).to.have.lengthOf(2);
      expect(raw.flags).to.deep.equal({});
      expect(Reflect.ownKeys(derived)).to.deep.equal([]);
    });

    it('lets methods return the other', () => {
      const derived: FakeSocket = Object.create(socket);

      expect(derived.volatile).to.equal(derived);
      expect(derived.timeout(1)).to.equal(derived);
    });

    it('leaves to the other what is put on the other', () => {
      const derived: FakeSocket = Object.create(socket);
      Object.assign(derived, { note: 1, flags: {}, emit: () => false });

      expect(Object.keys(derived)).to.have.members(['note', 'flags', 'emit']);
      expect(raw).to.not.have.property('note');
      expect(Object.hasOwn(raw, 'emit')).to.equal(false);
    });

    it('lets the other override a method by one that calls it', () => {
      const derived: FakeSocket = Object.create(socket);
      derived.emit = (value) => socket.emit([value]);
      derived.emit('on');

      expect(raw.sent).to.deep.equal([[['on'], {}]]);
    });
  });

  describe('behind another proxy', () => {
    it('keeps its state, and lets the other proxy override what it reads', () => {
      const names: unknown[] = [];
      const other = new Proxy(socket, {
        get(target, key, receiver) {
          names.push(key);
          return Reflect.get(target, key, receiver);
        },
      });
      other.flags = { volatile: true };
      other.emit('on');

      expect(raw.sent).to.deep.equal([['on', { volatile: true }]]);
      expect(raw.flags).to.deep.equal({});
      expect(names).to.include('emit');
    });
  });
});
