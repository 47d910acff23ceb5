import { expect } from 'chai';
import { type EndTurn, KeyedQueue } from '../../source/keyed-queue.js';
import { rejection } from '../support/outcomes.js';

const limits = { perKey: 2, total: 3 };

describe('KeyedQueue', () => {
  let queue: KeyedQueue;
  let begun: string[];
  let ends: Map<string, EndTurn>;

  beforeEach(() => {
    queue = new KeyedQueue();
    begun = [];
    ends = new Map();
  });

  function request(key: string, name: string): () => void {
    return queue.request(key, (end) => {
      begun.push(name);
      ends.set(name, end);
    });
  }
  const end = (name: string): void => ends.get(name)?.();

  it('gives a turn at once where nobody has it', () => {
    request('key', 'first');
    expect(begun).to.deep.equal(['first']);
  });

  it('gives turns one after another, in the order in which they were asked for', () => {
    for (const name of ['first', 'second', 'third']) request('key', name);
    expect(begun).to.deep.equal(['first']);
    end('first');
    expect(begun).to.deep.equal(['first', 'second']);
    end('second');
    end('third');
    expect(begun).to.deep.equal(['first', 'second', 'third']);
    expect(queue.take('key')).to.be.a('function');
  });

  it('runs a task in its turn, which ends even if the task fails', async () => {
    request('key', 'first');
    const failing = queue.run('key', async () => {
      begun.push('second');
      throw new Error('a mistake');
    });
    const next = queue.run('key', async () => begun.push('third'));
    expect(begun).to.deep.equal(['first']);
    end('first');
    expect(await rejection(failing)).to.have.property('message', 'a mistake');
    await next;
    expect(begun).to.deep.equal(['first', 'second', 'third']);
    expect(queue.isFull('key', limits)).to.equal(false);
  });

  it('gives turns of different keys at the same time', () => {
    request('key', 'first');
    request('another key', 'second');
    expect(begun).to.deep.equal(['first', 'second']);
  });

  it('ends a turn once, however often that is asked', () => {
    for (const name of ['first', 'second', 'third']) request('key', name);
    end('first');
    end('first');
    expect(begun).to.deep.equal(['first', 'second']);
  });

  it('passes over those who stopped waiting', () => {
    request('key', 'first');
    const leave = request('key', 'second');
    request('key', 'third');
    leave();
    leave();
    end('first');
    expect(begun).to.deep.equal(['first', 'third']);
  });

  it('takes no turn back from those who stop waiting too late', () => {
    const leave = request('key', 'first');
    leave();
    expect(queue.take('key')).to.equal(undefined);
    end('first');
    expect(queue.take('key')).to.be.a('function');
  });

  it('lets a turn be taken only where nobody has it', () => {
    const taken = queue.take('key');
    expect(queue.take('key')).to.equal(undefined);
    taken?.();
    expect(queue.take('key')).to.be.a('function');
  });

  it('tells whether somebody waits', () => {
    expect(queue.isWanted('key')).to.equal(false);
    request('key', 'first');
    expect(queue.isWanted('key')).to.equal(false);
    request('key', 'second');
    expect(queue.isWanted('key')).to.equal(true);
    end('first');
    expect(queue.isWanted('key')).to.equal(false);
  });

  it('is full for a key when as many wait as may', () => {
    for (const name of ['first', 'second']) request('key', name);
    expect(queue.isFull('key', limits)).to.equal(false);
    request('key', 'third');
    expect(queue.isFull('key', limits)).to.equal(true);
    expect(queue.isFull('another key', limits)).to.equal(false);
    end('first');
    expect(queue.isFull('key', limits)).to.equal(false);
  });

  it('is full for all who have to wait when as many wait in all as may', () => {
    for (const key of ['a', 'b', 'c']) {
      request(key, `first of ${key}`);
      request(key, `second of ${key}`);
    }
    expect(queue.isFull('a', limits)).to.equal(true);
    end('first of b');
    expect(queue.isFull('a', limits)).to.equal(false);
  });

  it('is never full for who need not wait', () => {
    for (const key of ['a', 'b', 'c']) {
      request(key, `first of ${key}`);
      request(key, `second of ${key}`);
    }
    expect(queue.isFull('d', limits)).to.equal(false);
  });

  it('counts nobody who has stopped waiting', () => {
    for (let count = 0; count < 100; count++) {
      request('key', `${count}`);
      request('key', `${count} more`)();
    }
    end('0');
    expect(queue.isFull('another key', limits)).to.equal(false);
  });
});
