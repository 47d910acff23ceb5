/**
 * @module A visitor with a session, one from a foreign origin and one that a namespace refuses, for a
 * look at what `DEBUG` prints.
 *
 * Prints the id of the session.
 */

import { App, refused } from './app.js';

const app = await App.start();
app.expressionIO.sockets.on('connection', () => {});
app.expressionIO.of('/members').authorization(() => false);
const { cookie, sessionId } = await app.login();
await app.connect({ cookie, origin: app.url });
await app.connect({ cookie, origin: 'https://evil.example' });
await refused(app.client({ cookie, namespace: '/members' }));
console.log(sessionId);
await app.stop();
