import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { responseFinished } from '../../source/session/response-finished.js';

/** What is needed of a response of Node.js. */
class Response extends EventEmitter {
  readonly writableEnded = false;
  closed = false;
  req: unknown;
}

describe('responseFinished()', () => {
  async function isFinished(promise: Promise<void>): Promise<boolean> {
    const pending = Symbol('pending');
    await new Promise(setImmediate);
    return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
  }

  it('waits until the response of Express has closed', async () => {
    const res = new Response();
    const finished = responseFinished({ res });
    expect(await isFinished(finished)).to.equal(false);
    res.emit('close');
    expect(await isFinished(finished)).to.equal(true);
  });

  it('finds the response of Connect by its socket', async () => {
    const response = new Response();
    const request = { socket: { _httpMessage: response } };
    response.req = request;
    const finished = responseFinished(request);
    expect(response.listenerCount('close')).to.equal(1);
    response.emit('close');
    expect(await isFinished(finished)).to.equal(true);
  });

  it('does not wait for the response to another request of the same socket', async () => {
    const response = new Response();
    response.req = { another: 'request' };
    void responseFinished({ socket: { _httpMessage: response } });
    expect(response.listenerCount('close')).to.equal(0);
  });

  it('does not wait for one that has closed', async () => {
    const res = Object.assign(new Response(), { closed: true });
    expect(await isFinished(responseFinished({ res }))).to.equal(true);
  });

  for (const [what, request] of Object.entries({
    'no request': undefined,
    'a request without a response': {},
    'something else in its place': { res: { once: 1 }, socket: { _httpMessage: null } },
  })) {
    it(`waits for a moment where it is given ${what}`, async () => {
      const finished = responseFinished(request);
      expect(await isFinished(finished)).to.equal(false);
      // The timer keeps no process alive, and so something else has to.
      const alive = setInterval(() => {}, 1_000);
      await finished;
      clearInterval(alive);
    });
  }
});
