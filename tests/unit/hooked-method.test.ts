import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { MemoryStore, type Store } from 'express-session';
import sinon from 'sinon';
import {
  answerCaller,
  callbackOf,
  callMethod,
  hookMethod,
  type Method,
  type MethodCall,
} from '../../source/session/hooked-method.js';
import { ProcessEvents } from '../support/process-events.js';

function call(method: Method, ...args: unknown[]): MethodCall {
  return { method, target: 'the store', args };
}

describe('hookMethod()', () => {
  let store: Store;

  beforeEach(() => {
    store = new MemoryStore();
  });

  it('hands each call on with its target, and returns what is to be returned', () => {
    const calls: MethodCall[] = [];
    const own: unknown = Reflect.get(store, 'set');
    hookMethod(store, 'set', (one) => calls.push(one));
    const derived = Object.create(store) as Store;
    expect(Reflect.apply(derived.set, derived, [1, 2])).to.equal(1);
    expect(calls).to.deep.equal([{ method: own, target: derived, args: [1, 2] }]);
  });

  it('gives an inherited method back, and is not enumerable meanwhile', () => {
    const restore = hookMethod(store, 'set', () => {});
    expect(Object.getOwnPropertyDescriptor(store, 'set')).to.include({
      configurable: true,
      writable: true,
      enumerable: false,
    });
    restore?.();
    expect(Object.hasOwn(store, 'set')).to.equal(false);
  });

  it('gives an own method back as it was', () => {
    const own = { value: () => 'own', configurable: true, writable: false, enumerable: true };
    Object.defineProperty(store, 'set', own);
    const restore = hookMethod(store, 'set', () => {});
    expect(Object.keys(store)).to.include('set');
    restore?.();
    expect(Object.getOwnPropertyDescriptor(store, 'set')).to.deep.equal(own);
  });

  it('leaves what another library put in front, and passes its calls on to the store', () => {
    const own = sinon.stub().returns('stored');
    store.set = own;
    const handle = sinon.spy();
    const restore = hookMethod(store, 'set', handle);
    const hook = store.set;
    const front = (...args: unknown[]): unknown => Reflect.apply(hook, store, args);
    store.set = front;
    restore?.();
    expect(store.set).to.equal(front);
    expect(front('id')).to.equal('stored');
    expect(own.args).to.deep.equal([['id']]);
    expect(own.thisValues).to.deep.equal([store]);
    expect(handle.callCount).to.equal(0);
  });

  it('tells that there is no such method, or that it cannot be replaced', () => {
    Reflect.set(store, 'touch', undefined);
    expect(hookMethod(store, 'touch', () => {})).to.equal(undefined);
    Object.freeze(store);
    expect(hookMethod(store, 'set', () => {})).to.equal(undefined);
  });
});

describe('callMethod()', () => {
  let answered: sinon.SinonSpy;
  let failed: sinon.SinonSpy;
  let rejections: ProcessEvents;

  beforeEach(() => {
    answered = sinon.spy();
    failed = sinon.spy();
    rejections = new ProcessEvents('unhandledRejection');
  });
  afterEach(async () => {
    await turn();
    rejections.stop();
    expect(rejections.values).to.deep.equal([]);
  });

  it('puts its callback in the place of the caller’s, and returns what the method does', () => {
    const method = sinon.stub().returns('result').callsArgWith(1, null, 'value', 'more');
    const result = callMethod(
      'set',
      call(method, 'id', () => {}, 'last'),
      { answered, failed },
    );
    expect(result).to.equal('result');
    expect(method.firstCall.args).to.have.length(3);
    expect(method.firstCall.thisValue).to.equal('the store');
    expect(answered.args).to.deep.equal([[[null, 'value', 'more']]]);
  });

  const positions = { set: 2, touch: 2, destroy: 1, regenerate: 1 } as const;
  for (const [name, position] of Object.entries(positions)) {
    it(`adds its callback to a call of ${name} without one, and returns a promise`, async () => {
      const method = sinon.stub().callsArgWith(position, null, 'value');
      const one = call(method, 'id', undefined);
      const result = callMethod(name as keyof typeof positions, one, { answered, failed });
      expect(await result).to.equal('value');
    });
  }

  it('returns a promise that rejects, which may be ignored, where the store fails', async () => {
    const down = new Error('down');
    const method = sinon.stub().callsArgWith(1, down);
    const result = callMethod('destroy', call(method, 'id'), { answered, failed });
    expect(answered.args).to.deep.equal([[[down]]]);
    callMethod('destroy', call(method, 'id'), { answered, failed });
    expect(await Promise.resolve(result).catch((error) => error)).to.equal(down);
  });

  it('takes the first answer only, by callback or by promise', async () => {
    const method = sinon.stub().callsFake(async (_id, callback) => {
      callback(null);
      callback(new Error('again'));
    });
    await callMethod(
      'destroy',
      call(method, 'id', () => {}),
      { answered, failed },
    );
    expect(answered.args).to.deep.equal([[[null]]]);
  });

  it('takes the answer of a promise', async () => {
    const down = new Error('down');
    const results = [Promise.resolve(1), Promise.reject(down), Promise.reject(undefined)];
    for (const result of results) {
      const method = (_id: unknown): unknown => result;
      expect(
        callMethod(
          'destroy',
          call(method, 'id', () => {}),
          { answered, failed },
        ),
      ).to.equal(result);
      await result.catch(() => {});
    }
    const answers = answered.args.map(([[error]]) => error);
    expect(answers[0]).to.equal(null);
    expect(answers[1]).to.equal(down);
    expect(String(answers[2])).to.equal('Error: The session store failed without an error');
  });

  it('waits for the callback that a method takes, though its promise resolves before', async () => {
    const down = new Error('down');
    const method = async (_id: unknown, callback: unknown): Promise<void> =>
      void setImmediate(callback as (error: Error) => void, down);
    const one = call(method as Method, 'id', () => {});
    await callMethod('destroy', one, { answered, failed });
    await turn();
    expect(answered.args).to.deep.equal([[[down]]]);
  });

  it('waits for the callback where a wrapper with any number of parameters is `async`', async () => {
    const down = new Error('down');
    const method = (_id: unknown, callback: unknown): void =>
      void setImmediate(callback as (error: Error) => void, down);
    const wrapper = async (...args: never[]): Promise<void> => Reflect.apply(method, null, args);
    const one = call(wrapper as Method, 'id', () => {});
    await callMethod('destroy', one, { answered, failed });
    expect(answered.callCount).to.equal(0);
    await turn();
    expect(answered.args).to.deep.equal([[[down]]]);
  });

  it('takes the answer of the promise of such a wrapper from callers without a callback', async () => {
    const method = sinon.stub().resolves('value');
    const result = callMethod('destroy', call(method, 'id'), { answered, failed });
    expect(await result).to.equal('value');
    expect(answered.args).to.deep.equal([[[null]]]);
  });

  it('returns a promise that settles, also of a method that `promisify` has wrapped', async () => {
    const own = (_id: unknown, callback: (...answer: unknown[]) => void): void =>
      void setImmediate(callback, null, 'value');
    const method = promisify(own) as Method;
    const result = callMethod('destroy', call(method, 'id'), { answered, failed });
    expect(await result).to.equal('value');
    expect(answered.args).to.deep.equal([[[null, 'value']]]);
  });

  it('passes on what the method throws, and ignores what it answers after that', () => {
    let late = (): void => {};
    const method = sinon.stub().callsFake((_id, callback) => {
      late = callback;
      throw new Error('a mistake');
    });
    const one = call(method, 'id', () => {});
    expect(() => callMethod('destroy', one, { answered, failed })).to.throw('a mistake');
    late();
    expect([failed.callCount, answered.callCount]).to.deep.equal([1, 0]);
  });
});

describe('answerCaller()', () => {
  const down = new Error('down');

  it('calls back with nothing, or with the error', async () => {
    const callback = sinon.spy();
    const one = call(() => {}, 'id', callback);
    expect(answerCaller(one, Promise.resolve())).to.equal(undefined);
    await turn();
    answerCaller(one, Promise.reject(down));
    await turn();
    expect(callback.args).to.deep.equal([[null], [down]]);
  });

  it('returns the promise where there is no callback, which may be ignored', async () => {
    const rejections = new ProcessEvents('unhandledRejection');
    const task = Promise.reject(down);
    expect(
      answerCaller(
        call(() => {}, 'id'),
        task,
      ),
    ).to.equal(task);
    await turn();
    rejections.stop();
    expect(rejections.values).to.deep.equal([]);
  });

  it('finds the callback of the caller, or one that does nothing', () => {
    const callback = (): void => {};
    expect(callbackOf(call(() => {}, 'id', callback))).to.equal(callback);
    expect(callbackOf(call(() => {}, 'id'))()).to.equal(undefined);
  });
});

describe('callMethod(), by the kind of method', () => {
  for (const [name, position] of [
    ['set', 2],
    ['touch', 2],
    ['destroy', 1],
    ['regenerate', 1],
    ['clear', 0],
  ] as const) {
    it(`gives \`${name}\` a callback in its place if the caller gave none`, () => {
      const given: unknown[] = [];
      const method = (...args: unknown[]): void => void given.push(...args);
      callMethod(name, call(method), { answered: () => {}, failed: () => {} });
      expect(given.findIndex((one) => typeof one === 'function')).to.equal(position);
    });
  }

  it('returns what a method returned whose only argument is a callback', () => {
    const method: Method = (_callback) => 'returned';
    const outcome = { answered: () => {}, failed: () => {} };
    expect(
      callMethod(
        'clear',
        call(method, () => {}),
        outcome,
      ),
    ).to.equal('returned');
  });

  it('takes the promise of a method for its answer that declares no callback and gets none', async () => {
    const answered = sinon.spy();
    const method: Method = async (_sessionId) => {};
    await callMethod('destroy', call(method, 'one'), { answered, failed: () => {} });
    await turn();
    expect(answered.args).to.deep.equal([[[null]]]);
  });

  it('tells that a method has returned that ignores its callback', () => {
    const returned = sinon.spy();
    callMethod(
      'clear',
      call(
        () => {},
        () => {},
      ),
      {
        answered: () => {},
        failed: () => {},
        returned,
      },
    );
    expect(returned.callCount).to.equal(1);
  });

  it('tells of the answer alone of a method that has answered and returned', () => {
    const [answered, returned] = [sinon.spy(), sinon.spy()];
    const method: Method = (...args) => (args[0] as () => void)();
    callMethod('clear', call(method), { answered, failed: () => {}, returned });
    expect([answered.callCount, returned.callCount]).to.deep.equal([1, 0]);
  });
});
