import { expect } from 'chai';
import { Socket } from 'socket.io';
import { emit } from '../../source/sockets/own-emit.js';
import type { MethodCall } from '../../source/sockets/socket-proxies.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The private methods that `emit` calls are not in the types of Socket.IO. */
const prototype = Socket.prototype as unknown as Record<string, Method>;
const names = ['emit', 'packet', 'notifyOutgoingListeners', 'registerAckCallback'];

describe('`emit` of a prototyped socket', () => {
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

  function send(args: unknown[], changes: Partial<MethodCall<Socket>> = {}): unknown {
    const call: MethodCall<Socket> = {
      raw: raw as unknown as Socket,
      socket,
      self: socket,
      method: prototype.emit as Method,
      name: 'emit',
      methodOf: (name) => prototype[name] as Method,
      ...changes,
    };
    return emit(call, args);
  }

  it('runs on the raw socket where all methods are those of Socket.IO', () => {
    expect(send(['news', 1])).to.equal(true);
    expect(packets.map(({ data }) => data)).to.deep.equal([['news', 1]]);
    expect(reads).to.equal(0);
  });

  it('passes acknowledgements the prototyped socket as `this`', () => {
    const seen: unknown[] = [];
    send([
      'question',
      function (this: unknown, ...args: unknown[]) {
        seen.push(this === socket, ...args);
      },
    ]);
    raw.acks.get(0)?.call(raw, 'answer');
    expect(seen).to.deep.equal([true, 'answer']);
    expect(reads).to.equal(0);
  });

  it('runs on an object that wraps the prototyped socket', () => {
    const self = new Proxy(socket, {});
    send(['news'], { self });
    expect(reads).to.be.above(0);
    expect(packets).to.have.lengthOf(1);
  });

  for (const name of names) {
    const wrap = (method: Method | undefined, seen: unknown[]): Method => {
      const wrapper = {
        [name](this: unknown, ...args: unknown[]) {
          seen.push(this === socket);
          return Reflect.apply(method as Method, this, args);
        },
      };
      return wrapper[name] as Method;
    };

    it(`gives a \`${name}\` of the class that was wrapped the prototyped socket as \`this\``, () => {
      const seen: unknown[] = [];
      const method = prototype[name];
      prototype[name] = wrap(method, seen);
      try {
        // The acknowledgement has `registerAckCallback` called.
        for (let count = 0; count < 2; count++) {
          send(['question', () => {}], { method: prototype.emit as Method });
        }
      } finally {
        Object.defineProperty(prototype, name, { value: method, enumerable: false });
      }
      expect(seen).to.deep.equal([true, true]);
      reads = 0;
      send(['news']);
      expect(reads, 'once the method is back').to.equal(0);
    });

    if (name === 'emit') continue;
    it(`gives a \`${name}\` of the raw socket itself the prototyped socket as \`this\``, () => {
      const seen: unknown[] = [];
      raw[name] = wrap(prototype[name], seen);
      send(['question', () => {}]);
      expect(seen).to.deep.equal([true]);
    });
  }
});
