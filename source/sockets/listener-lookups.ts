/**
 * @module The methods of a prototyped socket that remove, list and count listeners: by the functions
 * that the application passed, and including those of `sessionend`.
 */

import type { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { run } from './callback-methods.js';
import {
  type EventName,
  emitterOf,
  isFoundBy,
  type Listener,
  leadsTo,
  registeredOn,
  shownFor,
  unbound,
} from './listener-links.js';
import type { MethodOverride } from './socket-proxies.js';

type Override = MethodOverride<Socket>;
type Remover = 'off' | 'removeListener';
type Lister = 'listeners' | 'rawListeners';

/** @param endEvents the emitter of `sessionend`, which is not the raw socket */
export function lookupMethods(endEvents: (raw: Socket) => EventEmitter): Record<string, Override> {
  const emitterFor = (raw: Socket, event: EventName): EventEmitter =>
    event === 'sessionend' ? endEvents(raw) : emitterOf(raw);

  const remover =
    (name: Remover): Override =>
    (call, args) => {
      const [event, listener, ...rest] = args as [EventName, Listener];
      const emitter = emitterFor(call.raw, event);
      const found = registeredOn(emitter, event).findLast((one) => leadsTo(one, listener));
      if (emitter !== call.raw) {
        emitter[name](event, found ?? listener);
        return call.self;
      }
      const isLeft = found === undefined || isFoundBy(found, listener);
      return run(call, isLeft ? args : [event, found, ...rest]);
    };

  const lister =
    (name: Lister, show: (listener: Listener) => Listener): Override =>
    (call, args) => {
      const [event] = args as [EventName];
      const emitter = emitterFor(call.raw, event);
      const listed = emitter === call.raw ? run(call, args) : emitter[name](event);
      return Array.isArray(listed) ? listed.map(show) : listed;
    };

  return {
    off: remover('off'),
    removeListener: remover('removeListener'),
    listeners: lister('listeners', shownFor),
    rawListeners: lister('rawListeners', unbound),
    listenerCount: (call, args) => {
      const [event, listener] = args as [EventName, Listener?];
      const emitter = emitterFor(call.raw, event);
      const counted =
        emitter === call.raw ? run(call, args) : emitter.listenerCount(event, listener);
      if (typeof listener !== 'function' || typeof counted !== 'number') return counted;
      const isMissed = (one: Listener): boolean =>
        leadsTo(one, listener) && !isFoundBy(one, listener);
      return counted + registeredOn(emitter, event).filter(isMissed).length;
    },
    eventNames: (call, args) => {
      const names = run(call, args);
      return Array.isArray(names) ? [...names, ...endEvents(call.raw).eventNames()] : names;
    },
    removeAllListeners: (call, args) => {
      const events = args as [event?: EventName];
      endEvents(call.raw).removeAllListeners(...events);
      return events[0] === 'sessionend' ? call.self : run(call, args);
    },
  };
}
