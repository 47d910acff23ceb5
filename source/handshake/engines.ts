/**
 * @module Finds the Engine.IO servers of a Socket.IO server, which has one for each HTTP server that it
 * is attached to.
 */

import type { Server, Socket } from 'socket.io';

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

/** The engine that a raw socket is connected through. */
export function engineOf({ conn }: Pick<Socket, 'conn'>): Engine | undefined {
  // Private in the types of Engine.IO; engines of other libraries may not have it.
  return Reflect.get(conn, 'server') as unknown as Engine | undefined;
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
