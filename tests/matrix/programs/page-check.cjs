// Looks into the bundle of the page: one copy of Socket.IO's client, the one that `import` gives.
'use strict';

const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');

const inputs = Object.keys(JSON.parse(readFileSync('alone/meta.json', 'utf8')).inputs);
const managers = inputs.filter((path) => path.includes('/socket.io-client/build/'));
assert.notEqual(managers.length, 0);
for (const path of managers) assert.match(path, /\/build\/esm\//);
const ours = inputs.filter((path) => path.includes('/expression.socket.io/dist/'));
assert.notEqual(ours.length, 0);
for (const path of ours) assert.match(path, /\/dist\/esm\/socket\.io-sessions\/client\//);
console.log('done');
