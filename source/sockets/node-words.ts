/**
 * @module How the nodes of a cluster tell each other of sessions: by Socket.IO's own adapter. Knows
 * the way of a word; must not know what it means.
 */

import { EventEmitter } from 'node:events';
import type { Namespace, Server } from 'socket.io';
import type { Diagnostics } from '../diagnostics.js';
import type { Phase, Word } from '../session/lifetime.js';
import type { SessionEndReason } from '../types.js';

/** A server-side event: no client can send or hear it. */
const event = 'expression.socket.io:session';

/** Tells other nodes, and hears them. */
export class NodeWords {
  readonly #namespace: Namespace;
  readonly #diagnostics: Pick<Diagnostics, 'warn'>;
  #take: ((mark: unknown, phase: unknown, reason: unknown) => void) | undefined;

  constructor(io: Server, diagnostics: Pick<Diagnostics, 'warn'>) {
    this.#namespace = io.of('/');
    this.#diagnostics = diagnostics;
  }

  /** Hears what other nodes tell. */
  listen(heard: (word: Word) => void): void {
    this.#take = (mark, phase, reason) => {
      if (typeof mark === 'string' && isPhase(phase) && isReason(reason)) {
        heard({ mark, phase, reason });
      }
    };
    this.#emitter.on(event, this.#take);
  }

  /** Tells all other nodes, where there are any. */
  tell({ mark, phase, reason }: Word): void {
    if (!joinsNodes(this.#namespace.adapter)) return;
    try {
      this.#namespace.serverSideEmit(event, mark, phase, reason);
    } catch (error) {
      // The adapter is down; the other nodes find out by their own reading of the store.
      this.#diagnostics.warn(error);
    }
  }

  /** Hears no more. */
  close(): void {
    if (this.#take) this.#emitter.off(event, this.#take);
  }

  /** The namespace as the `EventEmitter` that it is, whatever its event maps. */
  get #emitter(): NodeJS.EventEmitter {
    return this.#namespace;
  }
}

/** The adapter in memory has a `serverSideEmit` too, which only prints a warning. */
function joinsNodes(adapter: object): boolean {
  for (let owner = adapter; owner; owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, 'serverSideEmit')) {
      return Object.getPrototypeOf(owner) !== EventEmitter.prototype;
    }
  }
  return false;
}

function isPhase(value: unknown): value is Phase {
  return value === 'leaving' || value === 'stayed' || value === 'ended';
}

function isReason(value: unknown): value is SessionEndReason {
  return value === 'destroyed' || value === 'regenerated' || value === 'expired';
}
