import { expect } from 'chai';
import { forgetCounted, sizeOf } from '../../source/data-size.js';

/** What each value takes, and each object or array besides its values. */
const value = 8;
const object = 16;
const binary = 100;

describe('sizeOf()', () => {
  class Other {
    readonly text = 'not measured';
  }
  const throwing = Object.defineProperty({}, 'key', {
    enumerable: true,
    get: () => {
      throw new Error('a mistake');
    },
  });
  const examples: Readonly<Record<string, readonly [values: unknown[], bytes: number]>> = {
    nothing: [[], 0],
    'values of any kind': [[1, true, null, undefined, 1n, () => {}], 6 * value],
    'the characters of strings': [['four', ''], 2 * value + 4],
    'the values of an array': [[['four', 1]], value + object + 2 * value + 4],
    'the keys and values of an object': [[{ key: 'four' }], value + object + 3 + value + 4],
    'objects without a prototype': [
      [Object.assign(Object.create(null), { a: 1 })],
      value + object + 1 + value,
    ],
    'nested objects': [[{ a: [{}] }], value + object + 1 + (value + object) * 2],
    'no instances of classes': [[new Other()], value + object],
    'a key whose getter throws': [[throwing], value + object + 3 + value],
  };
  for (const [what, [values, bytes]] of Object.entries(examples)) {
    it(`measures ${what}`, () => {
      expect(sizeOf(values)).to.equal(bytes);
    });
  }

  it('measures an object that refers to itself, and what is in it, once', () => {
    const own: unknown[] = ['four'];
    own.push(own, { own });
    // A reference to it takes no more than a value.
    expect(sizeOf([own])).to.equal(value + object + 3 * value + 4 + object + 3 + value);
  });

  it('measures all memory of binary data, and then the parts of it', () => {
    const memory: ArrayBufferLike[] = [];
    const buffer = new ArrayBuffer(1_000);
    const part = new Uint8Array(buffer, 0, 10);
    const whole = value + object + binary + 1_000;
    expect(sizeOf([part], memory)).to.equal(whole);
    expect(memory).to.deep.equal([buffer]);
    expect(sizeOf([part, buffer], memory)).to.equal(
      2 * (value + object + binary) + 10 + buffer.byteLength,
    );
    expect(memory).to.have.length(1);
    forgetCounted(memory);
    expect(sizeOf([part])).to.equal(whole);
  });

  it('measures memory that is shared with other threads', () => {
    const memory = new SharedArrayBuffer(1_000);
    expect(sizeOf([memory])).to.equal(value + object + binary + 1_000);
  });

  it('measures no more than 256 MB', () => {
    const large = 'x'.repeat(200_000_000);
    expect(sizeOf([[[large]], [large, large]])).to.be.within(256_000_000, 500_000_000);
  });
});
