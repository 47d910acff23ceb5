// Keeps sessions in Redis: connect-redis and the options of `redis`, with the client that is named.
'use strict';

const ExpressionSocket = require('expression.socket.io');
const { redis } = require('expression.socket.io/redis');
const connectRedis = require('connect-redis');
const roundTrip = require('./round-trip.cjs');

// The named export came with version 8, the default one went.
const RedisStore = connectRedis.RedisStore ?? connectRedis.default;
const url = process.env.REDIS_URL;

async function connect(name) {
  if (name === 'ioredis') {
    const { Redis } = require('ioredis');
    return new Redis(url);
  }
  return require('redis').createClient({ url }).connect();
}

async function main() {
  const client = await connect(process.argv[2]);
  const store = new RedisStore({ client });
  await roundTrip(ExpressionSocket, { store, options: { ...redis(client) } });
  await client.quit();
  console.log('done');
}

main();
