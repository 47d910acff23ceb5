import { expect } from 'chai';
import type { LoadResult } from './results.js';
import { measured, shareOfBare } from './results.js';
import { type Sample, summarise } from './statistics.js';

describe('the statistics of the benchmark', () => {
  const busy = (cpu: number): Sample => ({ cpu, busy: 0.99 });
  const idle = (cpu: number): Sample => ({ cpu, busy: 0.6 });

  it('takes the median of the rounds', () => {
    const { medians, isRefused } = summarise([busy(3), busy(1), busy(2)], false);
    expect(medians.cpu).to.equal(2);
    expect(isRefused).to.equal(false);
  });

  it('leaves out the rounds in which the server was idle', () => {
    const summary = summarise([busy(10), idle(99), busy(20)], false);
    expect(summary.medians.cpu).to.equal(15);
    expect(summary.idleRounds).to.equal(1);
  });

  it('refuses a figure whose server was idle in most rounds', () => {
    expect(summarise([busy(10), idle(99), idle(98)], false).isRefused).to.equal(true);
  });

  it('counts idle rounds where the load has no network', () => {
    const summary = summarise([idle(1), idle(3), idle(2)], true);
    expect(summary.medians.cpu).to.equal(2);
    expect(summary.isRefused).to.equal(false);
  });

  it('compares nothing with a refused figure', () => {
    const result = {
      variants: [
        { name: 'bare', ...summarise([idle(10)], false) },
        { name: 'ours', ...summarise([busy(20)], false) },
      ],
      // What a load is has no part in it.
    } as unknown as LoadResult;
    expect(measured(result, 'bare', 'cpu')).to.equal(undefined);
    expect(shareOfBare(result, 'ours')).to.equal(undefined);
  });
});
