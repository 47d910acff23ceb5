/**
 * @module Calls the supported Redis clients: node-redis and ioredis, single or cluster.
 */

import { createHash } from 'node:crypto';
import { describeValue } from '../errors.js';

/** The arguments of a script for node-redis. */
interface ScriptArguments {
  keys: string[];
  arguments: string[];
}

/** A client or cluster of node-redis (the package `redis`), 4 and later. */
export interface NodeRedisClient {
  get(key: string): Promise<unknown>;
  mGet(keys: string[]): Promise<unknown[]>;
  eval(script: string, options: ScriptArguments): Promise<unknown>;
  evalSha?(sha1: string, options: ScriptArguments): Promise<unknown>;
}

/** A client or cluster of ioredis, 5 and later. */
export interface IoRedisClient {
  get(key: string): Promise<unknown>;
  mget(keys: string[]): Promise<unknown[]>;
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
  evalsha?(sha1: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** A Redis client that is connected, or will be. */
export type RedisClient = NodeRedisClient | IoRedisClient;

/** A script, which Redis runs atomically. */
export class RedisScript {
  readonly text: string;
  /** The hash by which Redis finds a script that it has run before. */
  readonly sha1: string;

  constructor(text: string) {
    this.text = text;
    this.sha1 = createHash('sha1').update(text).digest('hex');
  }
}

/** The keys and arguments of a script. */
interface ScriptCall {
  /** All in one slot, if Redis is a cluster. */
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** Aborted when the call is no longer wanted: it is not sent then, if the client supports that. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the values of keys: a string, `null` if there is no such key, or an `Error` if it could not be
 * read.
 *
 * The keys of a cluster are on several nodes, which one `MGET` cannot read: each key is read
 * separately there, and the client pipelines the commands to the same node.
 */
export async function getValues(
  client: RedisClient,
  keys: readonly string[],
): Promise<(string | null | Error)[]> {
  if (isCluster(client)) return Promise.all(keys.map((key) => getOrError(client, key)));
  try {
    const values = isNodeRedis(client)
      ? await client.mGet([...keys])
      : await client.mget([...keys]);
    if (!Array.isArray(values)) throw noPromiseError();
    return values.map(textOf);
  } catch (reason) {
    const error = asError(reason);
    return keys.map(() => error);
  }
}

/** Reads the value of a key. */
export async function getValue(
  client: RedisClient,
  key: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  return textOf(await abortable(client, signal).get(key)) ?? undefined;
}

/** Runs a script. Sends its text only if Redis does not have it yet. */
export async function runScript(
  client: RedisClient,
  script: RedisScript,
  call: ScriptCall,
): Promise<number> {
  const target = abortable(client, call.signal);
  try {
    const result = await evaluateKnown(target, script.sha1, call);
    if (result !== undefined) return Number(result);
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
  }
  const { keys, args } = call;
  const result = isNodeRedis(target)
    ? await target.eval(script.text, { keys: [...keys], arguments: [...args] })
    : await target.eval(script.text, keys.length, ...keys, ...args);
  return Number(result);
}

/**
 * The client whose methods return promises: node-redis 4 has it as `v4` in its legacy mode, which
 * connect-redis 6 needs.
 */
export function promiseClientOf(client: RedisClient): RedisClient {
  const isLegacy = optionOf(client, 'legacyMode') === true;
  // It has the same methods.
  return isLegacy ? (Reflect.get(client, 'v4') as RedisClient) : client;
}

/** What the client itself puts in front of every key: the option `keyPrefix` of ioredis. */
export function keyPrefixOf(client: RedisClient): string {
  return String(optionOf(client, 'keyPrefix') ?? '');
}

/** Turns any thrown value into an `Error`. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The Redis client failed without an error');
}

/** @throws {TypeError} if the client is not a supported one */
export function assertRedisClient(client: unknown): asserts client is RedisClient {
  const isObject = typeof client === 'object' && client !== null;
  if (isObject && 'get' in client && 'eval' in client && ('mGet' in client || 'mget' in client)) {
    return;
  }
  throw new TypeError(
    `\`client\`: expected a client of node-redis or ioredis, got ${describeValue(client)}`,
  );
}

function optionOf(client: RedisClient, name: string): unknown {
  const options: unknown = Reflect.get(client, 'options');
  return Reflect.get(Object(options), name);
}

function noPromiseError(): TypeError {
  return new TypeError(
    'The Redis client returned no promise of values; expected a client of node-redis 4 or later, or of ioredis: not a legacy client, whose methods take callbacks',
  );
}

async function evaluateKnown(
  client: RedisClient,
  sha1: string,
  { keys, args }: ScriptCall,
): Promise<unknown> {
  return isNodeRedis(client)
    ? client.evalSha?.(sha1, { keys: [...keys], arguments: [...args] })
    : client.evalsha?.(sha1, keys.length, ...keys, ...args);
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

async function getOrError(client: RedisClient, key: string): Promise<string | null | Error> {
  try {
    return textOf(await client.get(key));
  } catch (reason) {
    return asError(reason);
  }
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** The client with its commands bound to a signal, or the client itself if it does not support that. */
function abortable(client: RedisClient, signal: AbortSignal | undefined): RedisClient {
  if (signal === undefined || !('withAbortSignal' in client)) return client;
  const { withAbortSignal } = client;
  if (typeof withAbortSignal !== 'function') return client;
  // node-redis returns the same client with other options.
  return Reflect.apply(withAbortSignal, client, [signal]) as RedisClient;
}

function isNodeRedis(client: RedisClient): client is NodeRedisClient {
  return 'mGet' in client;
}

function isCluster(client: RedisClient): boolean {
  return 'slots' in client || ('isCluster' in client && client.isCluster === true);
}
