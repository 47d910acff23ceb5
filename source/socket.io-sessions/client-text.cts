/**
 * @module The text of the session client, for pages to run as no module. The build puts the text
 * itself into the place of this file's function, so that a server that was bundled has it as well.
 */

import fs = require('node:fs');
import path = require('node:path');

/** Reads the session client as it was built: a CommonJS module, which needs `exports` only. */
function readClientText(): string {
  const entry = require.resolve('expression.socket.io/client');
  return fs.readFileSync(path.join(path.dirname(entry), 'session-client.js'), 'utf8');
}

export = readClientText;
