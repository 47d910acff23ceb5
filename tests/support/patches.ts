/**
 * @module The ways in which plugins, mocks and tracers put a function in the place of a method of a
 * socket: each calls the method through, notes the calls, and can be taken back.
 */

import { mock } from 'node:test';
import sinon from 'sinon';
import type { Socket } from 'socket.io';

/** A method, whatever it takes and returns. */
export type Method = (this: unknown, ...args: unknown[]) => unknown;

/** A patch that is in place. */
export interface Patch {
  /** What is to be called: the socket, or an object made of it. */
  readonly subject: Socket;
  /** What was put in the place of the method. */
  readonly put: Method;
  /** What the calls were called on. */
  readonly calledOn: () => readonly unknown[];
  readonly restore: () => void;
}

/** Puts something in the place of a method. */
export type Way = (socket: Socket, name: string) => Patch;

export const ways: Readonly<Record<string, Way>> = {
  'by `this`': assigned((method) => (self, args) => Reflect.apply(method, self, args)),
  'by its closure': assigned(
    (method, socket) => (_self, args) => Reflect.apply(method, socket, args),
  ),
  'by `bind`': assigned((method, socket) => {
    const bound = method.bind(socket);
    return (_self, args) => bound(...args);
  }),
  'by `this`, twice': twice(
    assigned((method) => (self, args) => Reflect.apply(method, self, args)),
  ),
  'by a spy of sinon': (socket, name) => sinonPatch(socket, sinon.spy(...target(socket, name))),
  'by a stub of sinon': (socket, name) =>
    sinonPatch(socket, sinon.stub(...target(socket, name)).callThrough()),
  'by a mock of node:test': (socket, name) => {
    const put = mock.method(...target(socket, name));
    return {
      subject: socket,
      // It is a function of the method's own type, which is any.
      put: put as unknown as Method,
      calledOn: () => put.mock.calls.map((call) => call.this),
      restore: () => put.mock.restore(),
    };
  },
  'by `defineProperty`': defined({ configurable: true, writable: true }),
  'by `defineProperty`, for good': defined({}),
  'on an object that is derived from it': (socket, name) => {
    const derived: Socket = Object.create(socket);
    return assigned((method) => (self, args) => Reflect.apply(method, self, args))(derived, name);
  },
  'by a `Proxy` on it': (socket, name) => {
    const calledOn: unknown[] = [];
    const put: Method = function (...args) {
      calledOn.push(this);
      return Reflect.apply(methodOf(socket, name), this, args);
    };
    const subject = new Proxy(socket, {
      get: (raw, key, receiver) => (key === name ? put : Reflect.get(raw, key, receiver)),
    });
    return { subject, put, calledOn: () => calledOn, restore: () => {} };
  },
};

export function methodOf(socket: object, name: string): Method {
  return Reflect.get(socket, name);
}

/** By assignment, as most plugins do, with `call` for how the method is called then. */
function assigned(
  make: (method: Method, socket: Socket) => (self: unknown, args: unknown[]) => unknown,
): Way {
  return (socket, name) => {
    const method = methodOf(socket, name);
    const wasOwn = Object.hasOwn(socket, name);
    const call = make(method, socket);
    const calledOn: unknown[] = [];
    const put: Method = function (...args) {
      calledOn.push(this);
      return call(this, args);
    };
    Reflect.set(socket, name, put);
    return {
      subject: socket,
      put,
      calledOn: () => calledOn,
      restore: () => {
        if (wasOwn) Reflect.set(socket, name, method);
        else Reflect.deleteProperty(socket, name);
      },
    };
  };
}

function twice(way: Way): Way {
  return (socket, name) => {
    const first = way(socket, name);
    const second = way(socket, name);
    return {
      ...second,
      restore: () => {
        second.restore();
        first.restore();
      },
    };
  };
}

function defined(flags: PropertyDescriptor): Way {
  return (socket, name) => {
    const method = methodOf(socket, name);
    const calledOn: unknown[] = [];
    const put: Method = function (...args) {
      calledOn.push(this);
      return Reflect.apply(method, this, args);
    };
    Object.defineProperty(socket, name, { ...flags, value: put });
    const restore = (): void => void Reflect.deleteProperty(socket, name);
    return { subject: socket, put, calledOn: () => calledOn, restore };
  };
}

/** Mocks want the name of a method, and any method may be named. */
function target(socket: Socket, name: string): [Record<string, Method>, string] {
  return [socket as unknown as Record<string, Method>, name];
}

function sinonPatch(socket: Socket, put: sinon.SinonSpy): Patch {
  return { subject: socket, put, calledOn: () => put.thisValues, restore: () => put.restore() };
}
