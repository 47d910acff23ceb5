import { expect } from 'chai';
import { expectNoCrash } from '../support/crashes.js';
import { properties } from './properties.js';

/** In all; `npm run test:fuzz` makes a hundred times as many. */
const inputs = 800;

describe('A session is given only as it should be, and nothing is told, whatever the', () => {
  expectNoCrash();

  for (const { what, share, fuzz } of properties) {
    it(what, async () => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      expect(await fuzz(Math.ceil(inputs * share), seed)).to.be.above(0);
    });
  }
});
