// Vitest.
import * as library from 'expression.socket.io';
import * as testing from 'expression.socket.io/testing';
import { afterEach, describe, it } from 'vitest';
import votes from './votes.cjs';

votes({ afterEach, describe, it }, library, testing);
