/**
 * @module Copies and compares the data of sessions. Recursion handles ordinary data; data that is
 * circular, or nested too deeply for the stack, is handled by a loop instead.
 */

import { isDeepStrictEqual, types } from 'node:util';
import { isPlain } from '../assertions.js';

/** The depth up to which recursion is safe, even if the stack is already deep. */
const deepest = 200;

const hasOwn = Object.prototype.hasOwnProperty;

/** Thrown and caught when data is nested more deeply than that. */
const tooDeep = new Error('Nested too deeply');

/**
 * How deeply stored data may be nested. `JSON.stringify` handles about 4,000 levels on an empty stack,
 * and `express-session` serialises a session in each request, on a fuller stack.
 */
const deepestStored = 1_000;

/** Where a copy goes. */
interface Place {
  readonly owner: unknown[] | Record<string, unknown>;
  readonly key: string | number;
}

/**
 * Copies data deeply. Instances of the application's classes are not copied, because only the store
 * knows how to serialise them. A key `__proto__` is left out.
 */
export function copyData<Value>(value: Value): Value {
  return copy(value, Number.POSITIVE_INFINITY) as Value;
}

/** Copies an object as `copyData` does, and puts another copy in a place: faster than two calls. */
export function copyTwice(value: object, second: Place): unknown {
  try {
    return copyNested(value, 0, second);
  } catch (error) {
    if (error !== tooDeep) throw error;
    put(second, copyData(value));
    return copyData(value);
  }
}

/**
 * Copies data that is to be stored, as `copyData` does.
 *
 * @throws {RangeError} if it is nested more than 1,000 levels deep
 */
export function copyToStore(value: unknown): unknown {
  return copy(value, deepestStored);
}

/**
 * Whether two values hold the same data. Instances of classes never do, because they may have changed
 * inside, except for the values of BSON.
 */
export function isSameData(one: unknown, other: unknown): boolean {
  try {
    return isSameNested(one, other, 0);
  } catch (error) {
    if (error !== tooDeep) throw error;
    return isSameByList(one, other);
  }
}

function copy(value: unknown, deepestAllowed: number): unknown {
  if (!isObject(value)) return value;
  try {
    return copyNested(value, 0);
  } catch (error) {
    if (error !== tooDeep) throw error;
    return copyByList(value, deepestAllowed);
  }
}

/** Copies an object; with `second`, makes another copy in the same pass. */
function copyNested(value: object, depth: number, second?: Place): unknown {
  if (depth > deepest) throw tooDeep;
  if (Array.isArray(value)) return copyArray(value, depth, second);
  if (!isPlain(value)) {
    const copyItem = (item: unknown): unknown =>
      isObject(item) ? copyNested(item, depth + 1) : item;
    if (second) put(second, copyInstance(value, copyItem));
    return copyInstance(value, copyItem);
  }
  const source = value as Readonly<Record<string, unknown>>;
  const copied: Record<string, unknown> = {};
  const other: Record<string, unknown> | undefined = second && {};
  if (second) put(second, other);
  // Takes less time than a spread, or `Object.keys`.
  for (const key in source) {
    if (key === '__proto__' || !hasOwn.call(source, key)) continue;
    const item = source[key];
    if (isObject(item)) {
      copied[key] = copyNested(item, depth + 1, other && { owner: other, key });
    } else {
      copied[key] = item;
      if (other) other[key] = item;
    }
  }
  return copied;
}

function copyArray(source: readonly unknown[], depth: number, second?: Place): unknown[] {
  const copied = source.slice();
  const other = second && source.slice();
  if (second) put(second, other);
  for (let key = 0; key < copied.length; key++) {
    const item = copied[key];
    if (isObject(item)) copied[key] = copyNested(item, depth + 1, other && { owner: other, key });
  }
  return copied;
}

function put({ owner, key }: Place, value: unknown): void {
  // Either a list and an index, or an object and a key; `Reflect.set` takes several times as long.
  (owner as Record<string | number, unknown>)[key] = value;
}

/** A nested object whose copy is still empty. */
interface PendingCopy {
  readonly depth: number;
  /** Copies the values inside, each by `copyInner`. */
  fill(copyInner: (value: unknown) => unknown): void;
}

function copyByList(root: object, deepestAllowed: number): unknown {
  const copies = new Map<object, unknown>();
  const pending: PendingCopy[] = [];
  const copyAt = (value: unknown, depth: number): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (copies.has(value)) return copies.get(value);
    if (depth > deepestAllowed) {
      throw new RangeError(`Nested more than ${deepestAllowed} levels deep`);
    }
    const { result, fill } = emptyCopy(value);
    copies.set(value, result);
    if (fill) pending.push({ depth, fill });
    return result;
  };
  const result = copyAt(root, 0);
  // The list grows while it is walked.
  for (const { depth, fill } of pending) fill((value) => copyAt(value, depth + 1));
  return result;
}

/** Makes the copy of an object, still without the values inside. */
function emptyCopy(value: object): {
  readonly result: unknown;
  readonly fill?: PendingCopy['fill'];
} {
  if (types.isMap(value)) {
    const result = new Map();
    const fill: PendingCopy['fill'] = (inner) => {
      for (const [key, item] of value) result.set(inner(key), inner(item));
    };
    return { result, fill };
  }
  if (types.isSet(value)) {
    const result = new Set();
    const fill: PendingCopy['fill'] = (inner) => {
      for (const item of value) result.add(inner(item));
    };
    return { result, fill };
  }
  if (!Array.isArray(value) && !isPlain(value)) return { result: copyInstance(value, copyData) };
  const result = Array.isArray(value) ? [] : {};
  const fill: PendingCopy['fill'] = (inner) => {
    for (const key of Object.keys(value)) {
      if (key !== '__proto__') Reflect.set(result, key, inner(Reflect.get(value, key)));
    }
  };
  return { result, fill };
}

/** Copies an instance of a built-in class; an instance of any other class is not copied. */
function copyInstance(value: object, copyItem: (item: unknown) => unknown): unknown {
  if (types.isMap(value)) {
    return new Map([...value].map(([key, item]) => [copyItem(key), copyItem(item)]));
  }
  if (types.isSet(value)) return new Set([...value].map(copyItem));
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  return isCloneable(value) ? structuredClone(value) : value;
}

function isSameNested(one: unknown, other: unknown, depth: number): boolean {
  if (!isObject(one) || !isObject(other)) return Object.is(one, other);
  if (depth > deepest) throw tooDeep;
  const keys = comparableKeys(one, other);
  if (typeof keys === 'boolean') return keys;
  return keys.every((key) =>
    isSameNested(Reflect.get(one, key), Reflect.get(other, key), depth + 1),
  );
}

function isSameByList(one: unknown, other: unknown): boolean {
  /** What each object was compared with: circular data comes back to it. */
  const compared = new Map<object, object>();
  const pending: (readonly [one: unknown, other: unknown])[] = [[one, other]];
  for (const [left, right] of pending) {
    if (!isObject(left) || !isObject(right)) {
      if (!Object.is(left, right)) return false;
      continue;
    }
    if (compared.get(left) === right) continue;
    compared.set(left, right);
    const keys = comparableKeys(left, right);
    if (keys === false) return false;
    for (const key of keys === true ? [] : keys) {
      pending.push([Reflect.get(left, key), Reflect.get(right, key)]);
    }
  }
  return true;
}

/** The keys whose values decide whether two objects are the same, or the decision itself. */
function comparableKeys(one: object, other: object): readonly string[] | boolean {
  const isArray = Array.isArray(one);
  if (isArray !== Array.isArray(other)) return false;
  if (!isArray && !(isPlain(one) && isPlain(other))) return isSameInstance(one, other);
  const keys = Object.keys(one).filter((key) => key !== '__proto__');
  const others = Object.keys(other).filter((key) => key !== '__proto__');
  if (keys.length !== others.length) return false;
  if (isArray && one.length !== Reflect.get(other, 'length')) return false;
  return keys.every((key) => Object.hasOwn(other, key)) && keys;
}

function isSameInstance(one: object, other: object): boolean {
  if (types.isMap(one) || types.isSet(one)) {
    try {
      return isDeepStrictEqual(one, other);
    } catch {
      return false;
    }
  }
  if (isCloneable(one)) return isDeepStrictEqual(one, other);
  const type = bsonTypeOf(one);
  if (type === undefined || type !== bsonTypeOf(other)) return false;
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The types of BSON whose values never change inside, such as the ids of MongoDB. */
const bsonTypes = new Set<unknown>([
  'ObjectId',
  'Decimal128',
  'Long',
  'Int32',
  'Double',
  'Timestamp',
]);

/** The type of an immutable value of BSON. */
function bsonTypeOf(value: object): unknown {
  try {
    const type: unknown = Reflect.get(value, '_bsontype');
    return bsonTypes.has(type) && !isPlain(value) ? type : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isCloneable(value: object): boolean {
  return (
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value)
  );
}
