import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import { ReportedPromise } from '../../source/session/session-methods.js';
import { ProcessEvents } from '../support/process-events.js';

const failure = new Error('it failed');

describe('ReportedPromise', () => {
  let rejections: ProcessEvents;
  let report: sinon.SinonSpy;

  beforeEach(() => {
    rejections = new ProcessEvents('unhandledRejection');
    report = sinon.spy();
  });
  afterEach(() => {
    rejections.stop();
  });

  function failing(): ReportedPromise<string> {
    return ReportedPromise.follow(Promise.reject(failure), report);
  }

  it('has the value of its task', async () => {
    expect(await ReportedPromise.follow(Promise.resolve('done'), report)).to.equal('done');
    expect(report.callCount).to.equal(0);
  });

  it('reports a failure once that nobody listens to, and leaves no unhandled rejection', async () => {
    failing();
    await turn();
    expect(report.args).to.deep.equal([[failure]]);
    expect(rejections.values).to.deep.equal([]);
  });

  const listeners: Readonly<Record<string, (promise: Promise<string>) => Promise<unknown>>> = {
    await: async (promise) => {
      try {
        return await promise;
      } catch (error) {
        return error;
      }
    },
    'then()': (promise) => promise.then(undefined, (error: unknown) => error),
    'catch()': (promise) => promise.catch((error: unknown) => error),
    'Promise.all()': (promise) => Promise.all([promise]).catch((error: unknown) => error),
  };

  for (const [name, listen] of Object.entries(listeners)) {
    it(`tells a failure to whoever listens by ${name}, and to nobody else`, async () => {
      expect(await listen(failing())).to.equal(failure);
      await turn();
      expect(report.callCount).to.equal(0);
      expect(rejections.values).to.deep.equal([]);
    });
  }

  it('leaves a failure to the promise that `then` made of it, which is a plain one', async () => {
    const next = failing().then(() => 'not reached');
    expect(next).not.to.be.instanceOf(ReportedPromise);
    await turn();
    expect(report.callCount).to.equal(0);
    expect(rejections.values).to.deep.equal([failure]);
  });
});
