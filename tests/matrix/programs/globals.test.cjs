// For frameworks that give their functions as globals, and require tests: Jest, Mocha.
'use strict';

const library = require('expression.socket.io');
const testing = require('expression.socket.io/testing');
const votes = require('./votes.cjs');

votes(globalThis, library, testing);
