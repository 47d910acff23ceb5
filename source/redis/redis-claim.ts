/**
 * @module Names that one of all processes can claim, for a time. Knows how Redis sets a key that is
 * not there; must not know what a name stands for.
 */

import type { ExpressionSocketOptions } from '../types/options.js';
import { type RedisClient, runScript } from './redis-client.js';

const script = `return redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) and 1 or 0`;

/** Makes the option `claim`. */
export function redisClaim(client: RedisClient): NonNullable<ExpressionSocketOptions['claim']> {
  return async (name, milliseconds) => {
    // Not below the sessions' prefix: whoever lists those would find something else.
    const keys = [`expression.socket.io:${name}`];
    return (await runScript(client, script, { keys, args: [String(milliseconds)] })) === 1;
  };
}
