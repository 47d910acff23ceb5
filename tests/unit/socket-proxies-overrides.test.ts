import { expect } from 'chai';
import type { MethodTable } from '../../source/sockets/socket-proxies.js';
import { type FakeProxies, FakeSocket, fakeProxies } from '../support/fake-socket.js';

describe('A prototyped socket with methods of its own', () => {
  let raw: FakeSocket;
  let proxies: FakeProxies;
  let socket: FakeSocket;
  const calls: unknown[][] = [];
  const run: MethodTable['overrides'][string] = (call, args) => {
    calls.push([call.raw, call.socket, call.self, ...args]);
    return Reflect.apply(call.method, call.self, args);
  };
  const added: typeof run = (call, args) => {
    calls.push([call.raw, call.socket, call.self, ...args]);
    return call.self;
  };

  beforeEach(() => {
    raw = new FakeSocket();
    calls.length = 0;
    proxies = fakeProxies({
      overrides: { timeout: run },
      additions: { sessOn: added },
    });
    socket = proxies.of(raw);
  });

  it('goes by the override, with the method of the raw socket', () => {
    expect(socket.timeout(4)).to.equal(socket);
    expect(calls).to.deep.equal([[raw, socket, socket, 4]]);
    expect(raw.flags).to.deep.equal({ timeout: 4 });
  });

  it('calls no override on anything but a prototyped socket', () => {
    const seen: unknown[] = [];
    Object.assign(raw, {
      timeout(this: unknown) {
        seen.push(this);
      },
    });
    for (const self of [raw, undefined, 1]) Reflect.apply(socket.timeout, self, [4]);

    expect(seen).to.deep.equal([raw, undefined, 1]);
    expect(calls).to.have.lengthOf(0);
  });

  it('has the same function each time, of the same name, length and properties', () => {
    expect(socket.timeout).to.equal(socket.timeout);
    expect(socket.timeout).to.equal(proxies.of(new FakeSocket()).timeout);
    expect([socket.timeout.name, socket.timeout.length]).to.deep.equal(['timeout', 1]);
  });

  it('calls what the raw socket has now in the place of the method', () => {
    const { timeout } = raw;
    raw.timeout = (value) => timeout.call(raw, value * 2);

    expect(socket.timeout(4)).to.equal(socket);
    expect(raw.flags).to.deep.equal({ timeout: 8 });
    expect(calls).to.have.lengthOf(1);
  });

  for (const [name, replace] of Object.entries<(one: FakeSocket) => void>({
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
      expect(raw.timeout(5)).to.equal(raw);
      expect(raw.flags).to.deep.equal({ timeout: 5 });
      expect(calls, 'of the prototyped socket').to.have.lengthOf(1);
    });
  }

  it('lets a method be replaced by another one of its own, which reads back', () => {
    const { timeout } = socket;
    Object.assign(socket, { me: timeout });

    expect(socket.me).to.equal(timeout);
    expect(Reflect.apply(socket.me, socket, [4])).to.equal(socket);
    expect(raw.flags).to.deep.equal({ timeout: 4 });
  });

  it('calls no override if a call on the raw socket is passed on to the replaced method', () => {
    const { timeout } = socket;
    Object.assign(socket, { me: () => socket });
    socket.timeout = (value) => {
      // A call of another replaced method in between changes nothing.
      raw.me();
      return timeout.call(socket, value);
    };

    expect(raw.timeout(5)).to.equal(raw);
    expect(raw.flags).to.deep.equal({ timeout: 5 });
    expect(calls).to.have.lengthOf(0);
  });

  it('returns what the replaced method returns if a call on the raw socket is passed on to it', () => {
    const emit = socket.emit.bind(socket);
    const timeout = socket.timeout.bind(socket);
    const returned: unknown[] = [];
    socket.emit = (value) => {
      const result = emit(value);
      returned.push(result);
      return result;
    };
    socket.timeout = (value) => {
      const result = timeout(value);
      returned.push(result);
      return result;
    };
    raw.emit('news');
    raw.timeout(5);

    expect(returned).to.deep.equal([true, socket]);
  });

  it('calls the override if the replaced method is called for something else', () => {
    const { timeout } = socket;
    socket.timeout = (value) => timeout.call(socket, value * 2);
    raw.timeout(5);

    expect(raw.flags).to.deep.equal({ timeout: 10 });
    expect(calls).to.have.lengthOf(1);
  });

  it('lets a replaced method be put back', () => {
    const { timeout } = socket;
    const theirs = raw.timeout;
    socket.timeout = () => socket;
    socket.timeout = timeout;

    expect(socket.timeout).to.equal(timeout);
    expect(raw.timeout).to.equal(theirs);
  });

  it('shows the override on its prototype, too', () => {
    const prototype = Object.getPrototypeOf(socket);
    const descriptor = Object.getOwnPropertyDescriptor(prototype, 'timeout');

    expect(descriptor?.value).to.equal(socket.timeout);
    expect(Object.getOwnPropertyDescriptor(prototype, 'sessOn')?.value).to.equal(
      Reflect.get(socket, 'sessOn'),
    );
    expect(prototype.timeout).to.equal(socket.timeout);
    expect(prototype.sessOn).to.equal(Reflect.get(socket, 'sessOn'));
    expect(prototype.emit).to.equal(socket.emit);
    expect(prototype.me).to.equal(FakeSocket.prototype.me);
    expect(prototype).to.equal(Object.getPrototypeOf(proxies.of(new FakeSocket())));
  });

  it('has the prototype of the raw socket itself, if nothing can be added to that', () => {
    Object.preventExtensions(raw);
    expect(Object.getPrototypeOf(socket)).to.equal(FakeSocket.prototype);
  });

  it('calls a function that was assigned in place of a method with any other `this` as it came', () => {
    const seen: unknown[] = [];
    socket.emit = function (this: unknown) {
      seen.push(this);
      return true;
    };
    const other = new FakeSocket();
    Reflect.apply(raw.emit, other, ['news']);
    raw.emit('news');

    expect(seen[0] === other && seen[1] === socket).to.equal(true);
  });

  it('gives the raw socket a function itself that is not assigned in place of a method', () => {
    const note = (): void => {};
    Object.assign(socket, { note });
    expect(Reflect.get(raw, 'note')).to.equal(note);
  });

  it('lets the class be patched through its prototype', () => {
    class Torch extends FakeSocket {}
    const torch = proxies.of(new Torch());
    Object.getPrototypeOf(torch).timeout = torch.timeout;
    Object.getPrototypeOf(torch).note = 'new';

    expect(Torch.prototype.timeout).to.equal(FakeSocket.prototype.timeout);
    expect(Torch.prototype).to.have.property('note', 'new');
  });

  it('lets the class be patched by `defineProperty` of its prototype', () => {
    class Torch extends FakeSocket {}
    const torch = proxies.of(new Torch());
    const { prototype } = Torch;
    const patch = { configurable: true, writable: true, enumerable: false };
    const timeout = function (this: FakeSocket): FakeSocket {
      return this;
    };
    Object.defineProperty(Object.getPrototypeOf(torch), 'timeout', { ...patch, value: timeout });
    expect(prototype.timeout).to.equal(timeout);

    const shown = torch.timeout;
    Object.defineProperty(Object.getPrototypeOf(torch), 'timeout', { ...patch, value: shown });
    expect(prototype.timeout).to.equal(timeout);
  });

  it('shows an accessor of the class as it is, on its prototype', () => {
    class Torch extends FakeSocket {}
    const accessor = { configurable: true, get: () => FakeSocket.prototype.timeout };
    Object.defineProperty(Torch.prototype, 'timeout', accessor);
    const prototype = Object.getPrototypeOf(proxies.of(new Torch()));

    expect(Object.getOwnPropertyDescriptor(prototype, 'timeout')?.get).to.equal(accessor.get);
  });

  it('has additions that the raw socket does not have', () => {
    const sessOn = Reflect.get(socket, 'sessOn') as unknown as (...args: unknown[]) => unknown;

    expect(sessOn.name).to.equal('sessOn');
    expect(sessOn.call(socket, 1)).to.equal(socket);
    expect(calls).to.deep.equal([[raw, socket, socket, 1]]);
    expect('sessOn' in socket).to.equal(true);
    expect('sessOn' in raw).to.equal(false);
    expect(Reflect.ownKeys(socket)).to.deep.equal(Reflect.ownKeys(raw));
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
