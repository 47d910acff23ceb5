import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { Regenerations, responseFinished } from '../../source/session/regenerations.js';

/** A response of Node.js, as far as it matters here. */
class Response extends EventEmitter {
  readonly writableEnded = false;
  closed = false;
  req: unknown;
}

describe('responseFinished()', () => {
  let clock: SinonFakeTimers;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => clock.restore());

  /** Whether it has been waited for, and not yet for long enough. */
  function watch(request: unknown): { isOver: boolean } {
    const waiting = { isOver: false };
    void responseFinished(request).then(() => {
      waiting.isOver = true;
    });
    return waiting;
  }

  it('waits until the response is closed, and leaves no timer', async () => {
    const response = new Response();
    const waiting = watch({ res: response });
    await clock.tickAsync(29_999);
    expect(waiting.isOver).to.equal(false);
    response.emit('close');
    await clock.tickAsync(0);
    expect(waiting.isOver).to.equal(true);
    expect(clock.countTimers()).to.equal(0);
  });

  it('waits no longer than 30 seconds', async () => {
    const waiting = watch({ res: new Response() });
    await clock.tickAsync(30_000);
    expect(waiting.isOver).to.equal(true);
  });

  it('does not wait where the response is closed already', async () => {
    const response = new Response();
    response.closed = true;
    const waiting = watch({ res: response });
    await clock.tickAsync(0);
    expect(waiting.isOver).to.equal(true);
  });

  it('finds the response that Node.js is at, where the framework leaves none on the request', async () => {
    const response = new Response();
    const request = { socket: { _httpMessage: response } };
    response.req = request;
    const waiting = watch(request);
    await clock.tickAsync(29_999);
    expect(waiting.isOver).to.equal(false);
    response.emit('close');
    await clock.tickAsync(0);
    expect(waiting.isOver).to.equal(true);
  });

  for (const [what, request] of [
    ['none', {}],
    ['that of another request', { socket: { _httpMessage: new Response() } }],
    ['nothing of the kind', undefined],
  ] as const) {
    it(`waits half a second where it finds ${what}`, async () => {
      const waiting = watch(request);
      await clock.tickAsync(499);
      expect(waiting.isOver).to.equal(false);
      await clock.tickAsync(1);
      expect(waiting.isOver).to.equal(true);
    });
  }
});

describe('Regenerations', () => {
  let response: Response;
  let regenerations: Regenerations;

  beforeEach(() => {
    response = new Response();
    regenerations = new Regenerations();
  });
  afterEach(() => {
    response.emit('close');
  });

  it('are noted as seen once the store removes their session, and that of no other', () => {
    const regeneration = regenerations.begin('one', { res: response });
    expect(regenerations.markSeen('another')).to.equal(undefined);
    expect(regeneration.isSeen).to.equal(false);
    expect(regenerations.markSeen('one')).to.equal(regeneration);
    expect(regeneration.isSeen).to.equal(true);
  });

  it('are over once they have ended, or the response was sent, though the store never answers', async () => {
    const regeneration = regenerations.begin('one', { res: response });
    regenerations.end('one', regeneration);
    expect(regenerations.markSeen('one')).to.equal(undefined);
    regenerations.begin('one', { res: response });
    response.emit('close');
    await new Promise(setImmediate);
    expect(regenerations.markSeen('one')).to.equal(undefined);
  });

  it('are not ended by an earlier one of the same session', () => {
    const earlier = regenerations.begin('one', { res: response });
    const regeneration = regenerations.begin('one', { res: response });
    regenerations.end('one', earlier);
    expect(regenerations.markSeen('one')).to.equal(regeneration);
  });
});
