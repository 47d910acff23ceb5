import { expect } from 'chai';
import sinon from 'sinon';
import { RecordCache } from '../../source/session/record-cache.js';

const text = (n: number): string => JSON.stringify({ cookie: {}, n });

describe('RecordCache', () => {
  let parse: sinon.SinonSpy;

  beforeEach(() => {
    parse = sinon.spy(JSON, 'parse');
  });
  afterEach(() => parse.restore());

  it('parses a text that has not changed once', () => {
    const cache = new RecordCache(1_000);
    const first = cache.parse('one', text(1));
    const again = cache.parse('one', text(1));
    expect(parse.callCount).to.equal(1);
    expect(again).to.equal(first);
    expect(first).to.deep.equal({ cookie: {}, n: 1 });
  });

  it('parses a text that has changed, by however little', () => {
    const cache = new RecordCache(1_000);
    cache.parse('one', text(1));
    expect(cache.parse('one', text(2))).to.have.property('n', 2);
    expect(cache.parse('one', text(1))).to.have.property('n', 1);
    expect(parse.callCount).to.equal(3);
  });

  it('keeps the texts of sessions apart', () => {
    const cache = new RecordCache(1_000);
    const one = cache.parse('one', text(1));
    expect(cache.parse('another', text(1))).not.to.equal(one);
  });

  it('keeps nothing with a budget of 0', () => {
    const cache = new RecordCache(0);
    cache.parse('one', text(1));
    cache.parse('one', text(1));
    expect(parse.callCount).to.equal(2);
  });

  it('keeps nothing that is no session', () => {
    const cache = new RecordCache(1_000);
    expect(cache.parse('one', '{"n":1}')).to.deep.equal({ n: 1 });
    expect(cache.parse('one', 'null')).to.equal(null);
    cache.parse('one', '{"n":1}');
    expect(parse.callCount).to.equal(3);
  });

  it('forgets a session whose text is no JSON', () => {
    const cache = new RecordCache(1_000);
    cache.parse('one', text(1));
    expect(() => cache.parse('one', '{')).to.throw(SyntaxError);
    cache.parse('one', text(1));
    expect(parse.callCount).to.equal(3);
  });

  it('lets those go first that were not used again', () => {
    const { length } = text(1);
    const cache = new RecordCache(3 * length);
    for (const id of ['a', 'b', 'c']) cache.parse(id, text(1));
    cache.parse('a', text(1));
    cache.parse('d', text(1));
    parse.resetHistory();
    for (const id of ['a', 'c', 'd']) cache.parse(id, text(1));
    expect(parse.callCount).to.equal(0);
    cache.parse('b', text(1));
    expect(parse.callCount).to.equal(1);
  });

  it('stays within its budget, whatever is used', () => {
    const { length } = text(1);
    const cache = new RecordCache(10 * length);
    for (let round = 0; round < 3; round++) {
      for (let id = 0; id < 100; id++) {
        cache.parse(`${id}`, text(1));
        cache.parse(`${id}`, text(1));
      }
    }
    parse.resetHistory();
    for (let id = 0; id < 100; id++) cache.parse(`${id}`, text(1));
    expect(parse.callCount).to.be.at.least(90);
  });

  it('has room again for what it forgot', () => {
    const { length } = text(1);
    const cache = new RecordCache(2 * length);
    for (let count = 0; count < 10; count++) {
      cache.parse('a', text(1));
      cache.delete('a');
      cache.delete('a');
    }
    cache.parse('a', text(1));
    cache.parse('b', text(1));
    parse.resetHistory();
    cache.parse('a', text(1));
    cache.parse('b', text(1));
    expect(parse.callCount).to.equal(0);
    cache.clear();
    cache.parse('a', text(1));
    expect(parse.callCount).to.equal(1);
  });

  it('does not keep a text that is larger than its budget', () => {
    const cache = new RecordCache(text(1).length - 1);
    cache.parse('a', text(1));
    cache.parse('a', text(1));
    expect(parse.callCount).to.equal(2);
  });
});
