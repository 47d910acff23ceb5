'use strict';

const { ExpressionSocket } = require('./index.js');

Object.defineProperties(ExpressionSocket, {
  // For `const { ExpressionSocket } = require('expression.socket.io')`.
  ExpressionSocket: { value: ExpressionSocket, enumerable: true },
  // For `import` in TypeScript that compiles to CommonJS, which asks for `default` where it finds this.
  __esModule: { value: true },
  default: { value: ExpressionSocket },
});

module.exports = ExpressionSocket;
