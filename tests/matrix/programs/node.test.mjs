// The test runner of Node.js.
import { afterEach, describe, it } from 'node:test';
import * as library from 'expression.socket.io';
import * as testing from 'expression.socket.io/testing';
import votes from './votes.cjs';

votes({ afterEach, describe, it }, library, testing);
