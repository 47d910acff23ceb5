import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { bufferEvents } from '../../source/sockets/event-buffer.js';

describe('bufferEvents', () => {
  it('closes the transport of a client whose buffered events are larger than 16 MB', () => {
    let isClosed = false;
    const raw = {
      onevent: () => {},
      conn: {
        close: () => {
          isClosed = true;
        },
      },
    };
    const text = 'x'.repeat(1_000_000);
    bufferEvents(raw as unknown as Socket, 1_000);
    let held = 0;
    while (!isClosed && held < 100) {
      Reflect.apply(raw.onevent, raw, [{ type: 2, nsp: '/', data: ['tell', `${held++}${text}`] }]);
    }
    expect(held).to.be.within(15, 17);
  });
});
