import { expect } from 'chai';
import { expectNoCrash } from '../support/crashes.js';
import { Soak } from './soak.js';

describe('A soak of three seconds', () => {
  expectNoCrash();

  it('loses no event and no update, and revives no session, while the store misbehaves', async function () {
    // Repairs are tried again until they work, and the machine may be busy.
    this.timeout(60_000);
    const seed = Math.floor(Math.random() * 2 ** 31);
    const soak = new Soak({ seconds: 3, connections: 60, sessions: 20, seed });
    const { model } = await soak.run();
    expect(model.mistakes, `seed ${seed}`).to.deep.equal([]);
    expect(model.counts).to.have.property('listener calls').above(100);
    expect(model.counts).to.have.property('acknowledgements').above(100);
  });
});
