import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { bufferEvents } from '../../source/sockets/event-buffer.js';
import { PendingEvents } from '../../source/sockets/pending-events.js';

describe('bufferEvents', () => {
  it('leaves no method on a socket that several callers have released, in any order', () => {
    class Raw {
      onevent(): void {}
    }
    const raw = new Raw();
    // It has all that the buffer looks at.
    const socket = raw as unknown as Socket;
    const releases = [bufferEvents(socket, 10), bufferEvents(socket, 10)];
    for (const release of releases) {
      expect(Object.hasOwn(raw, 'onevent')).to.equal(true);
      release();
    }
    expect(Object.hasOwn(raw, 'onevent')).to.equal(false);
  });

  it('buffers one event of any size, and closes the transport at the next one', () => {
    let isClosed = false;
    const raw = {
      onevent: (_packet: unknown) => {},
      conn: {
        close: () => {
          isClosed = true;
        },
      },
    };
    // It has all that the buffer looks at.
    bufferEvents(raw as unknown as Socket, 1_000);
    raw.onevent({ data: ['tell', 'x'.repeat(20_000_000)] });
    expect(isClosed).to.equal(false);
    raw.onevent({ data: ['tell'] });
    expect(isClosed).to.equal(true);
  });

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

  it('closes the transport of a client when the events of all are larger than 256 MB', () => {
    const text = 'x'.repeat(15_000_000);
    let closed = 0;
    const buffer = (): (() => void) => {
      const raw = { onevent: (_packet: unknown) => {}, conn: { close: () => closed++ } };
      // It has all that the buffer looks at.
      const release = bufferEvents(raw as unknown as Socket, 1_000);
      raw.onevent({ data: ['tell', text] });
      return release;
    };
    const releases = Array.from({ length: 20 }, buffer);
    expect(closed).to.be.within(1, 10);
    for (const release of releases) release();
    closed = 0;
    buffer()();
    expect(closed).to.equal(0);
  });

  it('lets the memory of released events be counted again where they wait for their session', () => {
    const raw = { onevent: (_packet: unknown) => {}, conn: { close: () => {} } };
    const view = Buffer.alloc(1_000_000).subarray(0, 1);
    // It has all that the buffer looks at.
    const release = bufferEvents(raw as unknown as Socket, 1_000);
    raw.onevent({ data: ['tell', view] });
    release();
    const pending = new PendingEvents(1_000, { bytes: 0 });

    const bytes = pending.enter('tell', () => {}, [view]);
    expect(bytes).to.be.above(1_000_000);
  });
});
