/**
 * @module The programs of the migration pages: what they had before and have after answers alike.
 */

import { expect } from 'chai';
import type { Socket } from 'socket.io-client';
import { page } from '../docs/markdown.js';
import { type DocProgram, startDocProgram } from '../support/doc-programs.js';
import { Visitor } from '../support/visitor.js';

/** The events of each page, and what a visitor is answered. */
const conversations: Readonly<Record<string, readonly (readonly [string, unknown])[]>> = {
  'official-recipe': [
    ['vote', 1],
    ['vote', 2],
  ],
  'express-socket.io-session': [
    ['vote', 1],
    ['vote', 2],
  ],
  'session.socket.io': [
    ['vote', 1],
    ['vote', 2],
  ],
  'passport.socketio': [['whoAmI', 'Ada']],
  'expression.socket.io': [
    ['vote', 1],
    ['vote', 2],
  ],
};

/** The complete programs of a page: those that listen. */
function programsOf(name: string): { readonly info: string; readonly code: string }[] {
  return page(`docs/migrating/${name}.md`).snippets.filter(({ code }) =>
    code.includes('server.listen('),
  );
}

describe('The migration pages', () => {
  let program: DocProgram | undefined;
  let visitor: Visitor | undefined;

  afterEach(async () => {
    visitor?.leave();
    await program?.stop();
    program = undefined;
  });

  /** Starts a program, and comes as a visitor who has opened its page. */
  async function visit(code: string): Promise<Visitor> {
    program = await startDocProgram({ 'server.js': code });
    visitor = new Visitor(program.address);
    await visitor.get('/');
    return visitor;
  }

  for (const [name, conversation] of Object.entries(conversations)) {
    for (const { info, code } of programsOf(name)) {
      it(`have a program that runs ${info === 'js' ? 'after' : 'before'} the change from ${name}`, async () => {
        const socket: Socket = (await visit(code)).open();
        for (const [event, answer] of conversation) {
          expect(await socket.timeout(5_000).emitWithAck(event)).to.equal(answer);
        }
      });
    }
  }

  it('have a program before and after each change but that from the first version', () => {
    for (const name of Object.keys(conversations)) {
      expect(programsOf(name), name).to.have.length(name === 'expression.socket.io' ? 1 : 2);
    }
  });

  it('have a program for socket.io-sessions, which saves what it is sent', async () => {
    const [enable] = programsOf('socket.io-sessions');
    const answering = `${enable?.code}
sessions.expressionIO.sockets.on('connection', (err, session, socket) => {
  socket.sessOn('last', (err, session, ack) => ack(session.last));
});`;
    const socket = (await visit(answering)).open();
    socket.send('tea');
    // The message is saved before this event's session is read, or right after: it is asked until then.
    let last: unknown;
    while (last !== 'tea') last = await socket.timeout(5_000).emitWithAck('last');
  });
});
