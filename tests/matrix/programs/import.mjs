// Imports every entry, and finds what `require` gives: one copy of everything.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import ByDefault, { ExpressionSocket, SessionError } from 'expression.socket.io';
import { connectWithSession } from 'expression.socket.io/client';
import { redis } from 'expression.socket.io/redis';
import { enable } from 'expression.socket.io/sessions';
import { startTestServer, TestStore } from 'expression.socket.io/testing';
import roundTrip from './round-trip.cjs';

const require = createRequire(import.meta.url);
const required = require('expression.socket.io');
assert.equal(ByDefault, ExpressionSocket);
assert.equal(required, ExpressionSocket);
assert.equal(required.SessionError, SessionError);
assert.equal(require('expression.socket.io/redis').redis, redis);
assert.equal(require('expression.socket.io/sessions').enable, enable);
assert.equal(require('expression.socket.io/testing').TestStore, TestStore);
assert.equal(require('expression.socket.io/testing').startTestServer, startTestServer);
assert.equal(typeof connectWithSession, 'function');

await roundTrip({ ExpressionSocket, SessionError });
console.log('done');
