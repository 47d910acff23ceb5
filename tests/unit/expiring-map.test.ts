import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { ExpiringMap } from '../../source/expiring-map.js';

describe('ExpiringMap', () => {
  let clock: SinonFakeTimers;
  let map: ExpiringMap<number>;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['performance'] });
    map = new ExpiringMap(100);
  });
  afterEach(() => clock.restore());

  it('keeps an entry as long as it may', () => {
    map.set('key', 1);
    clock.tick(99);
    expect(map.get('key')).to.deep.equal({ value: 1, addedAt: 0 });
    clock.tick(1);
    expect(map.get('key')).to.equal(undefined);
  });

  it('knows nothing of what was never added', () => {
    expect(map.get('key')).to.equal(undefined);
  });

  it('gives an entry that is replaced its whole time again', () => {
    map.set('key', 1);
    clock.tick(60);
    map.set('key', 2);
    clock.tick(60);
    expect(map.get('key')?.value).to.equal(2);
  });

  it('drops what has expired when something is added', () => {
    map.set('a', 1);
    map.set('b', 2);
    clock.tick(50);
    map.set('c', 3);
    map.set('a', 4);
    clock.tick(60);
    expect(map.size).to.equal(3);
    map.set('d', 5);
    expect(map.size).to.equal(3);
    expect(map.get('b')).to.equal(undefined);
    expect(map.get('c')?.value).to.equal(3);
  });

  it('does not grow beyond what is fresh', () => {
    for (let count = 0; count < 10_000; count++) {
      map.set(`${count}`, count);
      clock.tick(1);
    }
    expect(map.size).to.be.at.most(101);
  });

  it('forgets what is deleted', () => {
    map.set('a', 1);
    map.set('b', 2);
    map.delete('a');
    map.delete('none');
    expect([map.size, map.get('a')]).to.deep.equal([1, undefined]);
    map.clear();
    expect(map.size).to.equal(0);
  });

  it('keeps nothing where it may keep it for no time', () => {
    const none = new ExpiringMap<number>(0);
    none.set('key', 1);
    expect(none.get('key')).to.equal(undefined);
  });
});
