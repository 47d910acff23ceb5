'use strict';

const { ExpressionSocket } = require('./index.js');

// For `import` in TypeScript that compiles to CommonJS, which asks for `default` where it finds this.
Object.defineProperties(ExpressionSocket, {
  __esModule: { value: true },
  default: { value: ExpressionSocket },
});

module.exports = ExpressionSocket;
