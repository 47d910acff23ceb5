/**
 * @module Event maps, as Socket.IO has them.
 */

import type { Server } from 'socket.io';

/** A map of event names to listener types, as Socket.IO's own type parameters want it. */
export interface EventsMap {
  // `any` since only such an index signature accepts interfaces, as event maps are written;
  // Socket.IO declares the same.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  [event: string]: any;
}

/** Socket.IO's map for a server without type parameters: every event name, any arguments. */
export type DefaultEventsMap =
  Server extends Server<infer Events, infer _Emit, infer _ServerSide, infer _Data> ? Events : never;

/** A function that can be removed again: any at all, since it is compared and not called. */
export type AnyListener = (...args: never[]) => unknown;
