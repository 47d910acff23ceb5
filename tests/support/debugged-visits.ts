/**
 * @module A visitor with a session and one from a foreign origin, for a look at what `DEBUG` prints.
 *
 * Prints the id of the session.
 */

import { App } from './app.js';

const app = await App.start();
app.expressionIO.sockets.on('connection', () => {});
const { cookie, sessionId } = await app.login();
await app.connect({ cookie, origin: app.url });
await app.connect({ cookie, origin: 'https://evil.example' });
console.log(sessionId);
await app.stop();
