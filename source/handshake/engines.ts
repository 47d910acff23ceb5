/**
 * @module Finds the Engine.IO servers of a Socket.IO server, which has one for each HTTP server that it
 * is attached to.
 */

import type { IncomingMessage } from 'node:http';
import type { Server, Socket } from 'socket.io';

type Engine = Server['engine'];
type EngineHolder = Pick<Server, 'engine' | 'bind'>;

/** The hook of one server, which all its watchers share: they may stop in any order. */
interface BindHook {
  readonly watchers: Set<(engine: Engine) => void>;
  readonly restore: () => void;
}

const hooks = new WeakMap<EngineHolder, BindHook>();

/**
 * Calls back with each engine of a Socket.IO server, also with those of HTTP servers to which it is
 * attached later: before their first handshakes. There is no event for it, but every way of attaching
 * calls `bind`.
 *
 * @returns a function that stops waiting for further engines; the last watcher restores `bind`
 */
export function watchEngines(io: EngineHolder, found: (engine: Engine) => void): () => void {
  // There is none before Socket.IO is attached, whatever its types say.
  const first: Engine | undefined = io.engine;
  if (first) found(first);
  const { watchers, restore } = hooks.get(io) ?? hookBind(io);
  watchers.add(found);
  return () => {
    watchers.delete(found);
    if (watchers.size === 0) restore();
  };
}

function hookBind(io: EngineHolder): BindHook {
  const { bind } = io;
  const own = Reflect.getOwnPropertyDescriptor(io, 'bind');
  const watchers: BindHook['watchers'] = new Set();
  const hooked = (engine: Engine): unknown => {
    for (const found of watchers) found(engine);
    return Reflect.apply(bind, io, [engine]);
  };
  Reflect.defineProperty(io, 'bind', { value: hooked, configurable: true, writable: true });
  const restore = (): void => {
    // Another library may have put its own in front meanwhile, which passes on to the hook.
    if (io.bind !== hooked) return;
    hooks.delete(io);
    if (own) Reflect.defineProperty(io, 'bind', own);
    else Reflect.deleteProperty(io, 'bind');
  };
  const hook = { watchers, restore };
  hooks.set(io, hook);
  return hook;
}

/** The engine of the connection that each request has opened. */
const engines = new WeakMap<IncomingMessage, Engine>();

/** Remembers with which engine a request has opened a connection. */
export function rememberEngine(request: IncomingMessage, conn: Socket['conn']): void {
  // Private in the types of Engine.IO.
  const engine: Engine | undefined = Reflect.get(Object(conn), 'server');
  if (engine) engines.set(request, engine);
}

/** The engine of a request that has opened a connection. */
export function engineOf(request: IncomingMessage): Engine | undefined {
  return engines.get(request);
}
