/**
 * @module Finds the Engine.IO servers of a Socket.IO server, which has one for each HTTP server that it
 * is attached to.
 */

import type { Server } from 'socket.io';

type Engine = Server['engine'];

/**
 * Calls back with each engine of a Socket.IO server, also with those of HTTP servers to which it is
 * attached later: before their first handshakes. There is no event for it, but every way of attaching
 * calls `bind`.
 *
 * @returns a function that stops waiting for further engines, and restores `bind`
 */
export function watchEngines(
  io: Pick<Server, 'engine' | 'bind'>,
  found: (engine: Engine) => void,
): () => void {
  // There is none before Socket.IO is attached, whatever its types say.
  const first: Engine | undefined = io.engine;
  if (first) found(first);
  const { bind } = io;
  let isOver = false;
  const hook = (engine: Engine): unknown => {
    if (!isOver) found(engine);
    return Reflect.apply(bind, io, [engine]);
  };
  const own = Reflect.getOwnPropertyDescriptor(io, 'bind');
  Reflect.defineProperty(io, 'bind', { value: hook, configurable: true, writable: true });
  return () => {
    isOver = true;
    // Another instance may have hooked it meanwhile.
    if (io.bind !== hook) return;
    if (own) Reflect.defineProperty(io, 'bind', own);
    else Reflect.deleteProperty(io, 'bind');
  };
}
