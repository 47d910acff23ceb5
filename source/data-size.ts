/**
 * @module Estimates how much memory the data takes that clients have sent.
 */

import { types } from 'node:util';
import { isPlain } from './assertions.js';

const hasOwn = Object.prototype.hasOwnProperty;

/** The size at which measuring stops, in bytes: it exceeds every limit. */
const maxMeasured = 256_000_000;

/** The size of an object or array without its values, in bytes. */
const objectSize = 16;

/** The size of a view of binary data, or of its memory, without the data. */
const binarySize = 100;

/**
 * The memory that has been counted. A view, however small, keeps all of its memory alive: with some
 * parsers the whole message, and otherwise what the network delivered at once, which events may share.
 */
const countedMemory = new WeakSet<ArrayBufferLike>();

/**
 * The approximate size of data in bytes. Since a middleware of the application may have added anything,
 * objects may refer to themselves; instances of classes are not measured.
 *
 * @param memory the buffers that are counted for the first time are added to it
 */
export function sizeOf(values: Iterable<unknown>, memory: ArrayBufferLike[] = []): number {
  let bytes = 0;
  const nested: object[] = [];
  // Only objects with nested objects are remembered, because only they can refer to themselves: to remember
  // all would take several times longer than it took to parse them.
  let measured: Set<object> | undefined;
  for (const value of values) bytes += ownSizeOf(value, nested);
  // A set holds 16 million objects at most.
  for (let value = nested.pop(); value && bytes < maxMeasured; value = nested.pop()) {
    if (measured?.has(value)) continue;
    const { length } = nested;
    bytes += objectSize;
    if (Array.isArray(value)) {
      for (const inner of value) bytes += ownSizeOf(inner, nested);
    } else if (ArrayBuffer.isView(value)) {
      bytes += binarySizeOf(value.buffer, value.byteLength, memory);
    } else if (isPlain(value)) {
      for (const key in value) {
        if (!hasOwn.call(value, key)) continue;
        bytes += key.length + ownSizeOf(fieldOf(value, key), nested);
      }
    } else if (types.isAnyArrayBuffer(value)) {
      bytes += binarySizeOf(value, value.byteLength, memory);
    }
    if (nested.length > length) {
      measured ??= new Set();
      measured.add(value);
    }
  }
  return bytes;
}

/** The size of a value without what is inside; an object is added to `nested`. */
function ownSizeOf(value: unknown, nested: object[]): number {
  if (typeof value === 'string') return 8 + value.length;
  if (typeof value === 'object' && value !== null) nested.push(value);
  return 8;
}

function binarySizeOf(buffer: ArrayBufferLike, used: number, memory: ArrayBufferLike[]): number {
  if (countedMemory.has(buffer)) return binarySize + used;
  countedMemory.add(buffer);
  memory.push(buffer);
  return binarySize + buffer.byteLength;
}

/** Forgets counted memory that is not kept after all. */
export function forgetCounted(memory: readonly ArrayBufferLike[]): void {
  for (const one of memory) countedMemory.delete(one);
}

/** The value of a key; undefined if it is a getter that throws. */
function fieldOf(object: object, key: string): unknown {
  try {
    return Reflect.get(object, key);
  } catch {
    return undefined;
  }
}
