/**
 * @module The text of the session client, for classic scripts. The build replaces this module by one
 * that contains the text, so that bundled servers have it, too.
 */

import fs = require('node:fs');
import path = require('node:path');

/** Reads the built session client: a CommonJS module that needs only `exports`. */
function readClientText(): string {
  const entry = require.resolve('expression.socket.io/client');
  return fs.readFileSync(path.join(path.dirname(entry), 'session-client.js'), 'utf8');
}

export = readClientText;
