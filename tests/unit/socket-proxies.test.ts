import { expect } from 'chai';
import fc from 'fast-check';
import sinon from 'sinon';
import { type MethodTable, SocketProxies } from '../../source/sockets/socket-proxies.js';

/** Has the habits of Socket.IO's socket: flags, getters and methods that return itself. */
class Lamp {
  flags: Record<string, unknown> = {};
  lit: unknown[] = [];
  readonly self = 'a value';

  get volatile(): this {
    this.flags.volatile = true;
    return this;
  }

  get size(): number {
    return this.lit.length;
  }

  set brightness(value: number) {
    this.lit = [value];
  }

  timeout(value: number): this {
    this.flags.timeout = value;
    return this;
  }

  emit(value: unknown): boolean {
    this.lit.push([value, this.flags]);
    this.flags = {};
    return true;
  }

  seal(): void {
    this.emit = () => false;
  }

  get itself(): this {
    return this;
  }

  me(): unknown {
    return this;
  }

  later(): Promise<this> {
    return Promise.resolve(this);
  }
}

const nothing: MethodTable<Lamp> = { overrides: {}, additions: {} };

describe('a prototyped socket', () => {
  let lamp: Lamp;
  let proxies: SocketProxies<Lamp>;
  let socket: Lamp;

  beforeEach(() => {
    lamp = new Lamp();
    proxies = new SocketProxies<Lamp>(nothing);
    socket = proxies.of(lamp);
  });

  it('is one for each raw socket', () => {
    expect(proxies.of(lamp)).to.equal(socket);
    expect(proxies.of(new Lamp())).to.not.equal(socket);
    expect(socket).to.not.equal(lamp);
  });

  it('is an instance of the class of its raw socket', () => {
    expect(socket).to.be.an.instanceOf(Lamp);
    expect(socket.constructor).to.equal(Lamp);
  });

  it('does not change its raw socket by being made', () => {
    const frozen = Object.freeze(new Lamp());

    expect(proxies.of(frozen).size).to.equal(0);
    expect(Reflect.ownKeys(lamp)).to.deep.equal(Reflect.ownKeys(new Lamp()));
  });

  it('shows what the raw socket becomes', () => {
    lamp.lit = [1, 2];

    expect(socket.lit).to.equal(lamp.lit);
    expect(socket.size).to.equal(2);
  });

  it('writes on the raw socket', () => {
    socket.lit = [1];
    socket.brightness = 5;
    Object.assign(socket, { note: 'new' });

    expect(lamp.lit).to.deep.equal([5]);
    expect(lamp).to.have.property('note', 'new');
  });

  it('refuses to assign properties that are read-only on the raw socket', () => {
    expect(() => Object.assign(socket, { size: 1 })).to.throw(TypeError);
  });

  it('deletes and defines on the raw socket', () => {
    Object.defineProperty(socket, 'note', { value: 1, configurable: true });
    expect(lamp).to.have.property('note', 1);

    Reflect.deleteProperty(socket, 'note');
    expect(lamp).to.not.have.property('note');
  });

  it('returns itself where the raw socket returns itself', () => {
    expect(socket.volatile).to.equal(socket);
    expect(socket.timeout(1)).to.equal(socket);
    expect(socket.me()).to.equal(socket);
  });

  it('runs methods and getters with itself as `this`', () => {
    const emit = sinon.spy(Lamp.prototype, 'emit');
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

    expect(lamp.flags).to.deep.equal({});
    expect(lamp.lit).to.deep.equal([['on', { volatile: true, timeout: 5 }]]);
  });

  it('has the same function for a method each time, of the same name and length', () => {
    expect(socket.timeout).to.equal(socket.timeout);
    expect(socket.timeout).to.equal(proxies.of(new Lamp()).timeout);
    expect([socket.timeout.name, socket.timeout.length]).to.deep.equal(['timeout', 1]);
  });

  it('runs the function that replaced a method of the raw socket', () => {
    socket.seal();

    expect(socket.emit('on')).to.equal(false);
    expect(lamp.lit).to.deep.equal([]);
  });

  it('is returned by a function that replaced a method of the raw socket and returns that', () => {
    lamp.timeout = () => lamp;

    expect(socket.timeout(1)).to.equal(socket);
  });

  it('shows functions that are not methods of the class as they are', () => {
    const own = (): void => {};
    Object.assign(lamp, { own });

    expect(Reflect.get(socket, 'own')).to.equal(own);
  });

  it('runs a method on any other object that it is called on', () => {
    const other = new Lamp();
    socket.emit.call(other, 'on');

    expect(other.lit).to.have.lengthOf(1);
    expect(lamp.lit).to.have.lengthOf(0);
  });

  it('passes on what a method throws', () => {
    const failure = new Error('dark');
    Object.assign(lamp, { emit: sinon.stub().throws(failure) });

    expect(() => socket.emit('on')).to.throw(failure);
  });

  it('shows the same keys as the raw socket', () => {
    expect(Object.keys(socket)).to.deep.equal(Object.keys(lamp));
    expect('timeout' in socket).to.equal(true);
    expect('sessOn' in socket).to.equal(false);
  });

  it('leaves the raw socket as if all had been done on it directly', () => {
    const deeds: Record<string, (one: Lamp, value: number) => unknown> = {
      volatile: (one) => one.volatile,
      timeout: (one, value) => one.timeout(value),
      emit: (one, value) => one.emit(value),
      chain: (one, value) => one.volatile.timeout(value).emit(value),
      write: (one, value) => Object.assign(one, { flags: { value } }),
      brightness: (one, value) => Object.assign(one, { brightness: value }),
      delete: (one) => Reflect.deleteProperty(one, 'flags') && Object.assign(one, { flags: {} }),
    };
    const sequences = fc.array(fc.tuple(fc.constantFrom(...Object.keys(deeds)), fc.nat(9)));
    fc.assert(
      fc.property(sequences, (sequence) => {
        const direct = new Lamp();
        const prototyped = new Lamp();
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
      lamp.emit(1);
      lamp.me();

      expect(seen).to.deep.equal([socket, socket]);
      expect(seen[1]).to.equal(socket);
    });

    it('may be fixed for good', () => {
      Object.defineProperty(socket, 'emit', { value: put });

      expect(socket.emit).to.equal(put);
      expect(lamp.emit).to.equal(put);
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

  describe('where it overrides methods', () => {
    const calls: unknown[][] = [];
    const run: MethodTable<Lamp>['overrides'][string] = (call, args) => {
      calls.push([call.raw, call.socket, call.self, ...args]);
      return Reflect.apply(call.method, call.self, args);
    };
    const added: typeof run = (call, args) => {
      calls.push([call.raw, call.socket, call.self, ...args]);
      return call.self;
    };

    beforeEach(() => {
      calls.length = 0;
      proxies = new SocketProxies<Lamp>({
        overrides: { timeout: run },
        additions: { sessOn: added },
      });
      socket = proxies.of(lamp);
    });

    it('calls the override, with the method of the raw socket', () => {
      expect(socket.timeout(4)).to.equal(socket);
      expect(calls).to.deep.equal([[lamp, socket, socket, 4]]);
      expect(lamp.flags).to.deep.equal({ timeout: 4 });
    });

    it('has the same function each time, of the same name, length and properties', () => {
      expect(socket.timeout).to.equal(socket.timeout);
      expect(socket.timeout).to.equal(proxies.of(new Lamp()).timeout);
      expect([socket.timeout.name, socket.timeout.length]).to.deep.equal(['timeout', 1]);
    });

    it('calls the function that has replaced the method on the raw socket', () => {
      const { timeout } = lamp;
      lamp.timeout = (value) => timeout.call(lamp, value * 2);

      expect(socket.timeout(4)).to.equal(socket);
      expect(lamp.flags).to.deep.equal({ timeout: 8 });
      expect(calls).to.have.lengthOf(1);
    });

    for (const [name, replace] of Object.entries<(one: Lamp) => void>({
      'by its closure': (one) => {
        const { timeout } = one;
        one.timeout = (value) => timeout.call(one, value);
      },
      'by `this`': (one) => {
        const { timeout } = one;
        one.timeout = function (value) {
          return timeout.call(this, value);
        };
      },
      'by `bind`': (one) => {
        one.timeout = one.timeout.bind(one);
      },
    })) {
      it(`lets the method be replaced by one that calls it ${name}`, () => {
        replace(socket);
        replace(socket);

        expect(socket.timeout(4)).to.equal(socket);
        expect(calls).to.have.lengthOf(1);
        expect(lamp.timeout(5)).to.equal(lamp);
        expect(lamp.flags).to.deep.equal({ timeout: 5 });
        expect(calls, 'of the prototyped socket').to.have.lengthOf(1);
      });
    }

    it('lets a method be replaced by another one of its own, which reads back', () => {
      const { timeout } = socket;
      Object.assign(socket, { me: timeout });

      expect(socket.me).to.equal(timeout);
      expect(Reflect.apply(socket.me, socket, [4])).to.equal(socket);
      expect(lamp.flags).to.deep.equal({ timeout: 4 });
    });

    it('calls no override if a call on the raw socket is passed on to the replaced method', () => {
      const { timeout } = socket;
      Object.assign(socket, { me: () => socket });
      socket.timeout = (value) => {
        // A call of another replaced method in between changes nothing.
        lamp.me();
        return timeout.call(socket, value);
      };

      expect(lamp.timeout(5)).to.equal(lamp);
      expect(lamp.flags).to.deep.equal({ timeout: 5 });
      expect(calls).to.have.lengthOf(0);
    });

    it('calls the override if the replaced method is called for something else', () => {
      const { timeout } = socket;
      socket.timeout = (value) => timeout.call(socket, value * 2);
      lamp.timeout(5);

      expect(lamp.flags).to.deep.equal({ timeout: 10 });
      expect(calls).to.have.lengthOf(1);
    });

    it('lets a replaced method be put back', () => {
      const { timeout } = socket;
      const theirs = lamp.timeout;
      socket.timeout = () => socket;
      socket.timeout = timeout;

      expect(socket.timeout).to.equal(timeout);
      expect(lamp.timeout).to.equal(theirs);
    });

    it('shows the override on its prototype, too', () => {
      const prototype = Object.getPrototypeOf(socket);
      const descriptor = Object.getOwnPropertyDescriptor(prototype, 'timeout');

      expect(descriptor?.value).to.equal(socket.timeout);
      expect(Object.getOwnPropertyDescriptor(prototype, 'sessOn')?.value).to.equal(
        Reflect.get(socket, 'sessOn'),
      );
      expect(prototype).to.equal(Object.getPrototypeOf(proxies.of(new Lamp())));
    });

    it('lets the class be patched through its prototype', () => {
      class Torch extends Lamp {}
      const torch = proxies.of(new Torch());
      Object.getPrototypeOf(torch).timeout = torch.timeout;
      Object.getPrototypeOf(torch).note = 'new';

      expect(Torch.prototype.timeout).to.equal(Lamp.prototype.timeout);
      expect(Torch.prototype).to.have.property('note', 'new');
    });

    it('has additions that the raw socket does not have', () => {
      const sessOn = Reflect.get(socket, 'sessOn') as unknown as (...args: unknown[]) => unknown;

      expect(sessOn.name).to.equal('sessOn');
      expect(sessOn.call(socket, 1)).to.equal(socket);
      expect(calls).to.deep.equal([[lamp, socket, socket, 1]]);
      expect('sessOn' in socket).to.equal(true);
      expect('sessOn' in lamp).to.equal(false);
      expect(Reflect.ownKeys(socket)).to.deep.equal(Reflect.ownKeys(lamp));
    });

    it('lets additions be replaced, and read back', () => {
      const sessOn = Reflect.get(socket, 'sessOn');
      const put = (): void => {};
      Object.assign(socket, { sessOn: put });
      expect(Reflect.get(socket, 'sessOn')).to.equal(put);

      Reflect.deleteProperty(socket, 'sessOn');
      expect(Reflect.get(socket, 'sessOn')).to.equal(sessOn);
    });
  });

  describe('`rawOf`', () => {
    it('finds the raw socket of a prototyped socket, and of objects that derive from it or wrap it', () => {
      expect(proxies.rawOf(socket)).to.equal(lamp);
      expect(proxies.rawOf(Object.create(Object.create(socket)))).to.equal(lamp);
      expect(proxies.rawOf(new Proxy(socket, {}))).to.equal(lamp);
    });

    it('returns everything else as it is', () => {
      const bare = Object.create(null);
      expect(proxies.rawOf(lamp)).to.equal(lamp);
      expect(proxies.rawOf(bare)).to.equal(bare);
    });
  });

  describe('as the prototype of another object', () => {
    it('keeps the state that methods leave', () => {
      const derived: Lamp = Object.create(socket);
      derived.volatile.emit('on');
      derived.emit('off');

      expect(lamp.lit).to.have.lengthOf(2);
      expect(lamp.flags).to.deep.equal({});
      expect(Reflect.ownKeys(derived)).to.deep.equal([]);
    });

    it('lets methods return the other', () => {
      const derived: Lamp = Object.create(socket);

      expect(derived.volatile).to.equal(derived);
      expect(derived.timeout(1)).to.equal(derived);
    });

    it('leaves properties that are assigned to the other object on that', () => {
      const derived: Lamp = Object.create(socket);
      Object.assign(derived, { note: 1, flags: {}, emit: () => false });

      expect(Object.keys(derived)).to.have.members(['note', 'flags', 'emit']);
      expect(lamp).to.not.have.property('note');
      expect(Object.hasOwn(lamp, 'emit')).to.equal(false);
    });

    it('lets the other override a method by one that calls it', () => {
      const derived: Lamp = Object.create(socket);
      derived.emit = (value) => socket.emit([value]);
      derived.emit('on');

      expect(lamp.lit).to.deep.equal([[['on'], {}]]);
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

      expect(lamp.lit).to.deep.equal([['on', { volatile: true }]]);
      expect(lamp.flags).to.deep.equal({});
      expect(names).to.include('emit');
    });
  });
});
