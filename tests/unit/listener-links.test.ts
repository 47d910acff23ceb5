import { expect } from 'chai';
import { bindListener, type Listener } from '../../source/sockets/listener-links.js';

describe('A bound listener', () => {
  it('takes as many arguments as the listener alone', () => {
    const passOn: Listener = (...args) => count(...args);
    const count: Listener = (...args) => args.length;
    // The stack has room for these arguments twice, but hardly three times.
    let most = 1_000;
    while (takes(passOn, most)) most = Math.ceil(most * 1.02);
    most = Math.floor(most * 0.9);

    expect(takes(bindListener(passOn, {}), most)).to.equal(true);
  });
});

function takes(listener: Listener, length: number): boolean {
  try {
    return listener(...new Array(length).fill(0)) === length;
  } catch {
    return false;
  }
}
