/**
 * @module A TypeScript application that requires the class itself.
 */

import ExpressionSocket = require('expression.socket.io');

const error: ExpressionSocket.SessionError = new ExpressionSocket.SessionError(
  'ERR_SESSION_REFUSED',
  'no',
);
const code: ExpressionSocket.SessionErrorCode = error.code;

function close(expressionIO: ExpressionSocket): void {
  expressionIO.close();
}

if (code === 'ERR_SESSION_REFUSED' && ExpressionSocket.name === 'ExpressionSocket') {
  console.log(close.name, 'done');
}
