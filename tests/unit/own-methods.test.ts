import { expect } from 'chai';
import { Socket } from 'socket.io';
import { ownMethods } from '../../source/sockets/own-methods.js';
import type { MethodCall } from '../../source/sockets/socket-proxies.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The private methods that `emit` calls are not in the types of Socket.IO. */
const prototype = Socket.prototype as unknown as Record<string, Method>;
const calledByEmit = ['packet', 'notifyOutgoingListeners', 'registerAckCallback'];
const names = ['emit', 'newBroadcastOperator', ...calledByEmit];

/** Functions whose source begins as that of Socket.IO's methods does. */
function wrappers(call: (self: unknown, args: unknown[]) => unknown): Record<string, Method> {
  return {
    emit(...args) {
      return call(this, args);
    },
    newBroadcastOperator(...args) {
      return call(this, args);
    },
    notifyOutgoingListeners(...args) {
      return call(this, args);
    },
    packet(...args) {
      return call(this, args);
    },
    registerAckCallback(...args) {
      return call(this, args);
    },
  };
}

describe('`emit` and `newBroadcastOperator` of a prototyped socket', () => {
  let packets: { data: unknown[] }[];
  let raw: Record<string, unknown> & { acks: Map<number, Method> };
  let socket: Socket;
  /** How often a property was read through the prototyped socket. */
  let reads: number;

  beforeEach(() => {
    packets = [];
    reads = 0;
    raw = Object.assign(Object.create(Socket.prototype), {
      nsp: { name: '/', _ids: 0, server: { opts: {} } },
      client: { _packet: (packet: { data: unknown[] }) => packets.push(packet) },
      flags: {},
      acks: new Map(),
    });
    const get: ProxyHandler<object>['get'] = (target, key) => {
      reads++;
      return Reflect.get(target, key, socket);
    };
    // It has all that `emit` looks at.
    socket = new Proxy(raw, { get }) as unknown as Socket;
  });

  function run(name: string, args: unknown[] = [], self: Socket = socket): unknown {
    const call: MethodCall<Socket> = {
      raw: raw as unknown as Socket,
      socket,
      self,
      method: prototype[name] as Method,
      name,
      methodOf: (other) => prototype[other] as Method,
    };
    return ownMethods[name]?.(call, args);
  }

  it('run on the raw socket if all methods are those of Socket.IO', () => {
    expect(run('emit', ['news', 1])).to.equal(true);
    expect(packets.map(({ data }) => data)).to.deep.equal([['news', 1]]);
    raw.flags = { volatile: true };
    expect(run('newBroadcastOperator')).to.deep.include({ flags: { volatile: true } });
    expect(raw.flags).to.deep.equal({});
    expect(reads).to.equal(0);
  });

  it('call acknowledgements with the prototyped socket as `this`', () => {
    const seen: unknown[] = [];
    run('emit', [
      'question',
      function (this: unknown, ...args: unknown[]) {
        seen.push(this === socket, ...args);
      },
    ]);
    raw.acks.get(0)?.call(raw, 'answer');
    expect(seen).to.deep.equal([true, 'answer']);
    expect(reads).to.equal(0);
  });

  it('run on an object that wraps the prototyped socket', () => {
    const self = new Proxy(socket, {});
    for (const name of ['emit', 'newBroadcastOperator']) {
      reads = 0;
      run(name, ['news'], self);
      expect(reads, name).to.be.above(0);
    }
    expect(packets).to.have.lengthOf(1);
  });

  for (const name of names) {
    const wrap = (method: Method | undefined, seen: unknown[]): Method => {
      const call = (self: unknown, args: unknown[]): unknown => {
        seen.push(self === socket);
        return Reflect.apply(method as Method, self, args);
      };
      return wrappers(call)[name] as Method;
    };

    it(`call a \`${name}\` of the class that was wrapped with the prototyped socket as \`this\``, () => {
      const seen: unknown[] = [];
      const method = prototype[name];
      prototype[name] = wrap(method, seen);
      try {
        // With an acknowledgement, `emit` calls `registerAckCallback`.
        for (let count = 0; count < 2; count++) {
          run('emit', ['question', () => {}]);
          run('newBroadcastOperator');
        }
      } finally {
        Object.defineProperty(prototype, name, { value: method, enumerable: false });
      }
      expect(seen).to.deep.equal([true, true]);
      reads = 0;
      run('emit', ['news']);
      run('newBroadcastOperator');
      expect(reads, 'once the method is back').to.equal(0);
    });

    if (!calledByEmit.includes(name)) continue;
    it(`call a \`${name}\` of the raw socket itself with the prototyped socket as \`this\``, () => {
      const seen: unknown[] = [];
      raw[name] = wrap(prototype[name], seen);
      run('emit', ['question', () => {}]);
      expect(seen).to.deep.equal([true]);
    });
  }
});
