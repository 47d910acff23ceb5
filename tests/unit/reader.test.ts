import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import sinon from 'sinon';
import { SessionError } from '../../source/errors.js';
import { SessionReader } from '../../source/session/reader.js';
import { type ReadResult, Snapshot } from '../../source/session/snapshot.js';
import type { ReadCallback } from '../../source/session/store-reads.js';

function found(values: object): ReadResult {
  return { snapshot: new Snapshot({ cookie: {}, ...values }) };
}

/** A store that answers when it is told to, with the number of the read. */
function controlled() {
  const reads: { sessionId: string; answer(): void }[] = [];
  const get = sinon.spy((sessionId: string, _since: number, answer: ReadCallback) => {
    const number = reads.length;
    reads.push({ sessionId, answer: () => answer(sessionId, found({ number })) });
  });
  const getMany = sinon.stub();
  return { reads, get, reader: new SessionReader({ canReadMany: false, get, getMany }) };
}

const number = (result: ReadResult): unknown => result.snapshot?.record.number;

describe('SessionReader', () => {
  it('issues one read for all who ask in one tick', async () => {
    const { reader, reads } = controlled();
    const readings = Array.from({ length: 100 }, () => reader.read('a'));
    await turn();
    expect(reads).to.have.length(1);
    reads[0]?.answer();
    expect((await Promise.all(readings)).map(number)).to.deep.equal(Array(100).fill(0));
  });

  it('issues one more for all who ask while that one is under way', async () => {
    const { reader, reads } = controlled();
    const first = reader.read('a');
    await turn();
    const later = Array.from({ length: 100 }, () => reader.read('a'));
    await turn();
    expect(reads).to.have.length(1);
    reads[0]?.answer();
    expect(number(await first)).to.equal(0);
    await turn();
    expect(reads).to.have.length(2);
    reads[1]?.answer();
    expect((await Promise.all(later)).map(number)).to.deep.equal(Array(100).fill(1));
  });

  it('reads different sessions at the same time', async () => {
    const { reader, reads } = controlled();
    void reader.read('a');
    void reader.read('b');
    await turn();
    expect(reads.map(({ sessionId }) => sessionId)).to.deep.equal(['a', 'b']);
  });

  it('issues the next read after the listeners of this one had their turn', async () => {
    const { reader, reads, get } = controlled();
    const order: string[] = [];
    void reader.read('a').then(() => order.push('listener'));
    await turn();
    void reader.read('a');
    reads[0]?.answer();
    order.push(`reads: ${get.callCount}`);
    await turn();
    order.push(`reads: ${get.callCount}`);
    expect(order).to.deep.equal(['reads: 1', 'listener', 'reads: 2']);
  });

  it('hands on the error of a read, and reads anew for those who came meanwhile', async () => {
    const error = new SessionError('ERR_SESSION_STORE', 'no');
    const answers: ReadCallback[] = [];
    const reader = new SessionReader({
      canReadMany: false,
      get: (_id, _since, answer) => answers.push(answer),
      getMany: sinon.stub(),
    });
    const first = reader.read('a');
    await turn();
    const second = reader.read('a');
    answers[0]?.('a', { error });
    expect((await first).error).to.equal(error);
    await turn();
    answers[1]?.('a', found({}));
    expect((await second).snapshot?.record).to.deep.equal({ cookie: {} });
  });

  it('settles in the order of the asking, each by a read issued after it, whatever the latency', async () => {
    const step = fc.record({
      sessionId: fc.constantFrom('a', 'b', 'c'),
      next: fc.constantFrom('go on', 'turn', 'answer one', 'answer all'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.boolean(), async (steps, many) => {
        let clock = 0;
        const underWay: (() => void)[] = [];
        const get = (sessionId: string, _since: number, answer: ReadCallback): void => {
          const issued = clock++;
          underWay.push(() => answer(sessionId, found({ issued, sessionId })));
        };
        const getMany = (ids: readonly string[], _since: number, answer: ReadCallback): void => {
          const issued = clock++;
          underWay.push(() => {
            for (const sessionId of ids) answer(sessionId, found({ issued, sessionId }));
          });
        };
        const reader = new SessionReader({ canReadMany: many, get, getMany });
        const settled: Record<string, number[]> = { a: [], b: [], c: [] };
        const asked: Record<string, number[]> = { a: [], b: [], c: [] };
        const waits: Promise<void>[] = [];
        for (const { sessionId, next } of steps) {
          const at = clock++;
          asked[sessionId]?.push(at);
          waits.push(
            reader.read(sessionId).then(({ snapshot }) => {
              expect(snapshot?.record.sessionId).to.equal(sessionId);
              expect(snapshot?.record.issued).to.be.greaterThan(at);
              settled[sessionId]?.push(at);
            }),
          );
          if (next === 'turn') await turn();
          if (next === 'answer one') underWay.shift()?.();
          if (next === 'answer all') for (const answer of underWay.splice(0)) answer();
        }
        let rounds = 0;
        while (Object.values(settled).flat().length < steps.length && rounds++ < 200) {
          await turn();
          for (const answer of underWay.splice(0)) answer();
        }
        await Promise.all(waits);
        expect(settled).to.deep.equal(asked);
      }),
      { numRuns: 300 },
    );
  });

  describe('where the store can read many at a time', () => {
    it('reads the sessions of one turn of the event loop in one call', async () => {
      const getMany = sinon.spy((ids: readonly string[], _since: number, answer: ReadCallback) => {
        for (const sessionId of ids) answer(sessionId, found({ sessionId }));
      });
      const reader = new SessionReader({ canReadMany: true, get: sinon.stub(), getMany });
      const ids = Array.from({ length: 100 }, (_, index) => `session ${index}`);
      const readings = await Promise.all([...ids, ...ids].map((id) => reader.read(id)));
      expect(getMany.callCount).to.equal(1);
      expect(getMany.firstCall.args[0]).to.deep.equal(ids);
      expect(readings.map(({ snapshot }) => snapshot?.record.sessionId)).to.deep.equal([
        ...ids,
        ...ids,
      ]);
    });
  });

  it('keeps nothing of what was read', async () => {
    const { reader, reads } = controlled();
    for (const sessionId of ['a', 'a', 'b']) {
      const reading = reader.read(sessionId);
      await turn();
      reads.at(-1)?.answer();
      await reading;
    }
    expect(reads).to.have.length(3);
  });
});
