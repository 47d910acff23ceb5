/**
 * @module Finds the Engine.IO servers of a Socket.IO server, which has one for each HTTP server that it
 * is attached to.
 */

import type { IncomingMessage } from 'node:http';
import type { Server, Socket } from 'socket.io';

/** An Engine.IO server. */
export type Engine = Server['engine'];
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
 * calls `bind`. Of several engines before the call, only the last is found.
 *
 * @returns a function that stops waiting for further engines; the last watcher restores `bind`
 */
export function watchEngines(io: EngineHolder, found: (engine: Engine) => void): () => void {
  const known = new WeakSet<Engine>();
  const watch = (engine: Engine): void => {
    if (known.has(engine)) return;
    known.add(engine);
    found(engine);
  };
  // There is none before Socket.IO is attached, whatever its types say.
  const first: Engine | undefined = io.engine;
  if (first) watch(first);
  const { watchers, restore } = hooks.get(io) ?? hookBind(io);
  watchers.add(watch);
  return () => {
    watchers.delete(watch);
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

/** The engines of the requests that came to another one than the server's last. */
const engines = new WeakMap<IncomingMessage, Engine>();

/** Remembers through which engine the request of a raw socket came. */
export function rememberEngine(
  request: IncomingMessage,
  { conn, nsp }: Pick<Socket, 'conn' | 'nsp'>,
): void {
  // Private in the types of Engine.IO.
  const engine: Engine | undefined = Reflect.get(Object(conn), 'server');
  // Nearly always it is the last one, which `engineOf` knows by itself.
  if (engine && engine !== nsp.server.engine) engines.set(request, engine);
}

/** The engine that a request came through; undefined before the server is attached. */
export function engineOf(request: IncomingMessage, io: Pick<Server, 'engine'>): Engine | undefined {
  return engines.get(request) ?? io.engine;
}
