// Requires every entry.
'use strict';

const assert = require('node:assert/strict');
const ExpressionSocket = require('expression.socket.io');
const { connectWithSession } = require('expression.socket.io/client');
const { redis } = require('expression.socket.io/redis');
const { enable } = require('expression.socket.io/sessions');
const { startTestServer } = require('expression.socket.io/testing');
const roundTrip = require('./round-trip.cjs');

assert.equal(ExpressionSocket.ExpressionSocket, ExpressionSocket);
assert.equal(ExpressionSocket.default, ExpressionSocket);
for (const entry of [connectWithSession, redis, enable, startTestServer]) {
  assert.equal(typeof entry, 'function');
}

roundTrip(ExpressionSocket).then(() => console.log('done'));
