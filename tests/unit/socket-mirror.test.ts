import { expect } from 'chai';
import fc from 'fast-check';
import sinon from 'sinon';
import { Mirrors, originalOf } from '../../source/sockets/socket-mirror.js';

/** Has the habits of Socket.IO's socket: flags, getters and methods that return itself. */
class Lamp {
  flags: Record<string, unknown> = {};
  lit: unknown[] = [];
  readonly self = 'a value';

  get volatile(): this {
    this.flags.volatile = true;
    return this;
  }

  get size(): number {
    return this.lit.length;
  }

  set brightness(value: number) {
    this.lit = [value];
  }

  timeout(value: number): this {
    this.flags.timeout = value;
    return this;
  }

  light(value: unknown): boolean {
    this.lit.push([value, this.flags]);
    this.flags = {};
    return true;
  }

  seal(): void {
    this.light = () => false;
  }

  me(): unknown {
    return this;
  }

  later(): Promise<this> {
    return Promise.resolve(this);
  }
}

describe('the mirror of a socket', () => {
  let lamp: Lamp;
  let mirrors: Mirrors<Lamp>;
  let mirror: Lamp;

  beforeEach(() => {
    lamp = new Lamp();
    mirrors = new Mirrors<Lamp>({});
    mirror = mirrors.of(lamp);
  });

  it('is one for each original', () => {
    expect(mirrors.of(lamp)).to.equal(mirror);
    expect(mirrors.of(new Lamp())).to.not.equal(mirror);
    expect(mirror).to.not.equal(lamp);
  });

  it('is an instance of the class of its original', () => {
    expect(mirror).to.be.an.instanceOf(Lamp);
    expect(mirror.constructor).to.equal(Lamp);
  });

  it('does not change its original by being made', () => {
    const frozen = Object.freeze(new Lamp());

    expect(mirrors.of(frozen).size).to.equal(0);
    expect(Reflect.ownKeys(lamp)).to.deep.equal(Reflect.ownKeys(new Lamp()));
  });

  it('shows what the original becomes', () => {
    lamp.lit = [1, 2];

    expect(mirror.lit).to.equal(lamp.lit);
    expect(mirror.size).to.equal(2);
  });

  it('writes on the original', () => {
    mirror.lit = [1];
    mirror.brightness = 5;
    Object.assign(mirror, { note: 'new' });

    expect(lamp.lit).to.deep.equal([5]);
    expect(lamp).to.have.property('note', 'new');
  });

  it('refuses to write what the original does not let be written', () => {
    expect(() => Object.assign(mirror, { size: 1 })).to.throw(TypeError);
  });

  it('deletes and defines on the original', () => {
    Object.defineProperty(mirror, 'note', { value: 1, configurable: true });
    expect(lamp).to.have.property('note', 1);

    Reflect.deleteProperty(mirror, 'note');
    expect(lamp).to.not.have.property('note');
  });

  it('returns itself where the original returns itself', () => {
    expect(mirror.volatile).to.equal(mirror);
    expect(mirror.timeout(1)).to.equal(mirror);
    expect(mirror.me()).to.equal(mirror);
  });

  it('runs methods on the original', () => {
    const light = sinon.spy(Lamp.prototype, 'light');
    try {
      mirror.light('on');

      expect(light.calledOn(lamp)).to.equal(true);
      expect(light.calledOnceWithExactly('on')).to.equal(true);
    } finally {
      light.restore();
    }
  });

  it('lets the original use up its flags', () => {
    mirror.volatile.timeout(5).light('on');

    expect(lamp.flags).to.deep.equal({});
    expect(lamp.lit).to.deep.equal([['on', { volatile: true, timeout: 5 }]]);
  });

  it('has the same function for a method each time, of the same name and length', () => {
    expect(mirror.timeout).to.equal(mirror.timeout);
    expect(mirror.timeout).to.equal(mirrors.of(new Lamp()).timeout);
    expect([mirror.timeout.name, mirror.timeout.length]).to.deep.equal(['timeout', 1]);
  });

  it('runs what the original has in the place of a method', () => {
    mirror.seal();

    expect(mirror.light('on')).to.equal(false);
    expect(lamp.lit).to.deep.equal([]);
  });

  it('shows functions that are no methods of the class as they are', () => {
    const own = (): void => {};
    Object.assign(lamp, { own });

    expect(Reflect.get(mirror, 'own')).to.equal(own);
  });

  it('runs a method on whatever else it is called on', () => {
    const other = new Lamp();
    mirror.light.call(other, 'on');

    expect(other.lit).to.have.lengthOf(1);
    expect(lamp.lit).to.have.lengthOf(0);
  });

  it('passes on what a method throws', () => {
    const failure = new Error('dark');
    Object.assign(lamp, { light: sinon.stub().throws(failure) });

    expect(() => mirror.light('on')).to.throw(failure);
  });

  it('shows the same keys as the original', () => {
    expect(Object.keys(mirror)).to.deep.equal(Object.keys(lamp));
    expect('timeout' in mirror).to.equal(true);
    expect('sessOn' in mirror).to.equal(false);
  });

  it('leaves the original as if all had been done on it directly', () => {
    const deeds: Record<string, (one: Lamp, value: number) => unknown> = {
      volatile: (one) => one.volatile,
      timeout: (one, value) => one.timeout(value),
      light: (one, value) => one.light(value),
      chain: (one, value) => one.volatile.timeout(value).light(value),
      write: (one, value) => Object.assign(one, { flags: { value } }),
      brightness: (one, value) => Object.assign(one, { brightness: value }),
      delete: (one) => Reflect.deleteProperty(one, 'flags') && Object.assign(one, { flags: {} }),
    };
    const sequences = fc.array(fc.tuple(fc.constantFrom(...Object.keys(deeds)), fc.nat(9)));
    fc.assert(
      fc.property(sequences, (sequence) => {
        const direct = new Lamp();
        const mirrored = new Lamp();
        for (const [name, value] of sequence) {
          deeds[name]?.(direct, value);
          deeds[name]?.(mirrors.of(mirrored), value);
        }
        expect({ ...mirrored }).to.deep.equal({ ...direct });
      }),
    );
  });

  describe('with members of its own', () => {
    const size = sinon.stub().returns(7);

    beforeEach(() => {
      size.resetHistory();
      mirror = new Mirrors<Lamp>({ sessOn: size, timeout: size }).of(lamp);
    });

    it('has them though the original has none, or others', () => {
      expect(Reflect.get(mirror, 'sessOn')).to.equal(size);
      expect(mirror.timeout).to.equal(size);
      expect('sessOn' in mirror).to.equal(true);
      expect('sessOn' in lamp).to.equal(false);
    });

    it('calls them on itself', () => {
      mirror.timeout(1);

      expect(size.firstCall.thisValue).to.equal(mirror);
    });

    it('shows no other names than the original does to whoever lists them', () => {
      expect(Reflect.ownKeys(mirror)).to.deep.equal(Reflect.ownKeys(lamp));
    });

    it('does not take what members inherit for members', () => {
      expect(mirror.toString).to.not.equal(size);
      expect(Reflect.get(mirror, 'hasOwnProperty')).to.be.a('function');
    });
  });

  describe('`originalOf`', () => {
    it('finds the original of a mirror, and of what is derived from one', () => {
      expect(originalOf(mirror)).to.equal(lamp);
      expect(originalOf(Object.create(Object.create(mirror)))).to.equal(lamp);
    });

    it('takes everything else for its own original', () => {
      expect(originalOf(lamp)).to.equal(lamp);
      const bare = Object.create(null);
      expect(originalOf(bare)).to.equal(bare);
    });
  });

  describe('as the prototype of another object', () => {
    it('runs methods on the original, and writes nothing on the other', () => {
      const derived: Lamp = Object.create(mirror);
      derived.volatile.light('on');
      derived.light('off');

      expect(lamp.lit).to.have.lengthOf(2);
      expect(lamp.flags).to.deep.equal({});
      expect(Reflect.ownKeys(derived)).to.deep.equal([]);
    });

    it('lets methods return the other', () => {
      const derived: Lamp = Object.create(mirror);

      expect(derived.timeout(1)).to.equal(derived);
    });
  });
});
