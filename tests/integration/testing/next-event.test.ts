import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { nextEvent } from '../../../source/testing/index.js';
import { rejection } from '../../support/outcomes.js';

describe('`nextEvent`', () => {
  it('tells the arguments of the next event, and listens no longer', async () => {
    const source = new EventEmitter();
    const next = nextEvent(source, 'news');
    source.emit('other', 0);
    source.emit('news', 1, 'two');
    source.emit('news', 3);
    expect(await next).to.deep.equal([1, 'two']);
    expect(source.listenerCount('news')).to.equal(0);
  });

  it('tells which event did not come, and listens no longer', async () => {
    const source = new EventEmitter();
    const error = await rejection(nextEvent(source, 'news', { timeout: 5 }));
    expect(error)
      .to.have.property('message')
      .that.matches(/`news` within 5 ms/);
    expect(source.listenerCount('news')).to.equal(0);
  });
});
