/**
 * @module Looks for session ids and secrets where others can see them: in errors, warnings, debug
 * lines, diagnostics messages, room names, and packets to other nodes and to clients.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { types } from 'node:util';
import createDebug from 'debug';
import { Adapter } from 'socket.io-adapter';

const prefix = 'expression.socket.io';
const traces = ['handshake', 'read', 'write', 'update', 'end'];
const moments = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];
const channels: readonly string[] = [
  `${prefix}:refusal`,
  `${prefix}:counts`,
  ...traces.flatMap((name) => moments.map((moment) => `tracing:${prefix}:${name}:${moment}`)),
];

/** How deep is looked, and at how many values at most. */
const deepest = 12;
const mostValues = 5_000;

/** Tells where in a value a text occurs, own properties of all kinds included. */
export function whereIn(value: unknown, texts: readonly string[]): string | undefined {
  const seen = new Set<unknown>();
  const visit = (inner: unknown, path: string, depth: number): string | undefined => {
    if (typeof inner === 'string') {
      return texts.some((text) => inner.includes(text)) ? `${path}: ${inner}` : undefined;
    }
    if (Buffer.isBuffer(inner)) return visit(inner.toString('latin1'), path, depth);
    if (typeof inner !== 'object' || inner === null || types.isProxy(inner)) return undefined;
    if (seen.has(inner) || depth > deepest || seen.size > mostValues) return undefined;
    seen.add(inner);
    if (inner instanceof Map || inner instanceof Set) return visit([...inner], path, depth + 1);
    for (const key of Reflect.ownKeys(inner)) {
      const name = String(key);
      const found =
        visit(name, `${path} has the key`, depth) ??
        visit(readFrom(inner, key), `${path}.${name}`, depth + 1);
      if (found) return found;
    }
    return undefined;
  };
  return visit(value, 'value', 0);
}

function readFrom(owner: object, key: string | symbol): unknown {
  try {
    return Reflect.get(owner, key);
  } catch {
    return undefined;
  }
}

/** Hears what the library tells, and looks for texts that must not be in it. */
export class LeakWatch {
  readonly found: string[] = [];
  /** How many of each kind were looked at. */
  readonly looked: Record<string, number> = {};
  readonly #texts: readonly string[];
  readonly #log = createDebug.log;
  readonly #enabled = createDebug.disable();

  /** @param texts what must not be told, in whole or in part */
  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  /** Begins to listen to the process: diagnostics channels, debug lines, warnings. */
  start(): void {
    for (const channel of channels) subscribe(channel, this.#published);
    createDebug.enable(`${prefix}*`);
    createDebug.log = (...args) => this.look('debug', args);
    process.on('warning', this.#warned);
  }

  stop(): void {
    for (const channel of channels) unsubscribe(channel, this.#published);
    createDebug.disable();
    if (this.#enabled) createDebug.enable(this.#enabled);
    createDebug.log = this.#log;
    process.off('warning', this.#warned);
  }

  /** Looks at something that others can see. */
  look(kind: string, value: unknown): void {
    this.looked[kind] = (this.looked[kind] ?? 0) + 1;
    const place = whereIn(value, this.#texts);
    if (place && this.found.length < 10) this.found.push(`${kind}, ${place}`);
  }

  /** An adapter, in place of one that connects nodes, which looks at what it is to send. */
  adapter(): typeof Adapter {
    const watch = this;
    return class extends Adapter {
      override serverSideEmit(packet: unknown[]): void {
        watch.look('server side', packet);
      }

      override broadcast(...args: Parameters<Adapter['broadcast']>): void {
        watch.look('broadcast', args);
        super.broadcast(...args);
      }

      override addAll(...args: Parameters<Adapter['addAll']>): ReturnType<Adapter['addAll']> {
        watch.look('rooms', args[1]);
        return super.addAll(...args);
      }
    };
  }

  /** @throws {Error} where something was found since the last call */
  check(): void {
    const found = this.found.splice(0);
    if (found.length > 0) throw new Error(`Told to others: ${found.join('\n')}`);
  }

  readonly #published = (message: unknown, name: unknown): void => {
    this.look(`channel ${String(name)}`, message);
  };

  readonly #warned = (warning: Error): void => this.look('warning', warning);
}

/** What the prototypes of all objects have: a change of it is a pollution. */
export function prototypesNow(): string {
  const owners = [Object, Array, Function, String, Number, Map, Error, Promise];
  return owners
    .map(({ prototype }) => Reflect.ownKeys(prototype).map(String).sort().join())
    .join('\n');
}
