// Mocha, which imports this one.
import * as library from 'expression.socket.io';
import * as testing from 'expression.socket.io/testing';
import votes from './votes.cjs';

votes(globalThis, library, testing);
