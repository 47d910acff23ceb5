import { expect } from 'chai';
import { expectNoCrash } from '../support/crashes.js';
import { Soak } from './soak.js';

describe('A soak of three seconds', () => {
  expectNoCrash();

  it('loses no event and no update, and revives no session, while the store misbehaves', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const faults = ['errors', 'down'];
    const soak = new Soak({ seconds: 3, connections: 60, sessions: 20, seed, faults });
    const { model } = await soak.run();
    expect(model.mistakes, `seed ${seed}`).to.deep.equal([]);
    expect(model.counts).to.have.property('listener calls').above(100);
    expect(model.counts).to.have.property('acknowledgements').above(100);
  });
});
