import { expect } from 'chai';
import type { SocketSession } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { holdNext, SlowStore } from '../../support/slow-store.js';
import { overHttp, type Visitor, Visits } from '../../support/visits.js';

describe('session.save() of a session that others write as well', () => {
  let store: SlowStore;
  let app: App;
  let visitor: Visitor;
  /** Writes over HTTP, as `express-session` does: the whole session. */
  let write: (change: (session: Record<string, unknown>) => void) => Promise<unknown>;
  let record: () => Record<string, unknown>;

  beforeEach(async () => {
    store = new SlowStore();
    app = await App.start({ store, options: { touch: false } });
    visitor = await new Visits(app).visitor();
    write = (change) =>
      overHttp(app, visitor.cookie, (request) => change(request.session as never));
    record = () => {
      const { cookie: _cookie, ...rest } = store.record(visitor.sessionId) ?? { cookie: {} };
      return rest;
    };
  });
  afterEach(() => app.stop());

  /** What a listener does between its read and its save, while others do theirs. */
  async function meanwhile(
    mine: (session: SocketSession) => void,
    theirs: (session: Record<string, unknown>) => void,
  ): Promise<Record<string, unknown>> {
    await visitor.go(async (session) => {
      mine(session);
      await write(theirs);
      await session.save();
    });
    return record();
  }

  const visit = { name: 'Ada', tags: [] as string[] };

  it('keeps the keys that others changed, and writes its own', async () => {
    const result = await meanwhile(
      (session) => {
        session.n = 1;
      },
      (session) => {
        session.visitor = { name: 'Grace', tags: [] };
      },
    );
    expect(result).to.deep.equal({ n: 1, visitor: { name: 'Grace', tags: [] } });
  });

  it('keeps the keys that others added, and adds its own', async () => {
    const result = await meanwhile(
      (session) => {
        session['test:mine'] = 1;
      },
      (session) => {
        session['test:theirs'] = 2;
      },
    );
    expect(result).to.deep.equal({ n: 0, visitor: visit, 'test:mine': 1, 'test:theirs': 2 });
  });

  it('deletes the keys that the listener deleted', async () => {
    const result = await meanwhile(
      (session) => {
        delete session.visitor;
      },
      (session) => {
        session.n = 5;
      },
    );
    expect(result).to.deep.equal({ n: 5 });
  });

  it('deletes the keys that the listener set to undefined', async () => {
    const result = await meanwhile(
      (session) => {
        Reflect.set(session, 'n', undefined);
      },
      () => {},
    );
    expect(result).to.deep.equal({ visitor: visit });
  });

  it('leaves a key deleted that others deleted', async () => {
    const result = await meanwhile(
      (session) => {
        session.n = 1;
      },
      (session) => {
        delete session.visitor;
      },
    );
    expect(result).to.deep.equal({ n: 1 });
  });

  it('brings a key back that others deleted, where the listener changed it', async () => {
    const result = await meanwhile(
      (session) => {
        session.n = 1;
      },
      (session) => {
        delete session.n;
      },
    );
    expect(result).to.deep.equal({ n: 1, visitor: visit });
  });

  it('deletes a key that others changed, where the listener deleted it', async () => {
    const result = await meanwhile(
      (session) => {
        delete session.n;
      },
      (session) => {
        session.n = 5;
      },
    );
    expect(result).to.deep.equal({ visitor: visit });
  });

  it('lets the later writer of the same key win', async () => {
    const result = await meanwhile(
      (session) => {
        session.n = 1;
      },
      (session) => {
        session.n = 5;
      },
    );
    expect(result).to.have.property('n', 1);
    await visitor.go(async (session) => {
      session.n = 2;
      await session.save();
      await write((theirs) => {
        theirs.n = 6;
      });
    });
    expect(record()).to.have.property('n', 6);
  });

  it('takes a change deep inside a key for a change of that key', async () => {
    const result = await meanwhile(
      (session) => {
        session.visitor?.tags.push('mine');
      },
      (session) => {
        session.n = 5;
      },
    );
    expect(result).to.deep.equal({ n: 5, visitor: { name: 'Ada', tags: ['mine'] } });
  });

  it('does not take a value that was put back for a change', async () => {
    const result = await meanwhile(
      (session) => {
        session.n = 9;
        session.n = 0;
        session.visitor?.tags.push('mine');
        session.visitor?.tags.pop();
      },
      (session) => {
        session.n = 5;
        session.visitor = { name: 'Grace', tags: ['theirs'] };
      },
    );
    expect(result).to.deep.equal({ n: 5, visitor: { name: 'Grace', tags: ['theirs'] } });
  });

  it('keeps its methods where a record has keys of their names', async () => {
    store.records.set(
      visitor.sessionId,
      JSON.stringify({ ...store.record(visitor.sessionId), id: 'mine', update: 1 }),
    );
    const outcome = await visitor.go(async (session) => {
      session.n = 1;
      await session.save();
      return [typeof session.update, session.id === visitor.sessionId];
    });
    expect(outcome).to.deep.equal(['function', true]);
    expect(record()).to.include({ n: 1 });
  });

  it('loses nothing that others write while it looks', async () => {
    await visitor.go(async (session) => {
      session.n = 1;
      const gate = holdNext(store, 'get', 'after');
      const saved = session.save();
      await gate.reached;
      const written = write((theirs) => {
        theirs['test:theirs'] = 2;
      });
      gate.open();
      await Promise.all([saved, written]);
    });
    expect(record()).to.include({ 'test:theirs': 2 });
  });

  it('writes behind an HTTP write that is under way, and looks behind it', async () => {
    await visitor.go(async (session) => {
      session.n = 1;
      const gate = holdNext(store, 'set', 'before');
      const written = write((theirs) => {
        theirs['test:theirs'] = 2;
      });
      await gate.reached;
      const saved = session.save();
      gate.open();
      await Promise.all([saved, written]);
    });
    expect(record()).to.deep.equal({ n: 1, visitor: visit, 'test:theirs': 2 });
  });

  describe('with nothing changed', () => {
    it('writes nothing', async () => {
      const sets = store.count('set');
      await visitor.go((session) => session.save());
      expect(store.count('set')).to.equal(sets);
    });

    it('does not undo what others wrote', async () => {
      const result = await meanwhile(
        () => {},
        (session) => {
          session.n = 5;
        },
      );
      expect(result).to.have.property('n', 5);
    });
  });

  describe('called more than once', () => {
    it('writes the changes of each call', async () => {
      await visitor.go(async (session) => {
        session.n = 1;
        const first = session.save();
        session['test:second'] = 2;
        await Promise.all([first, session.save()]);
      });
      expect(record()).to.include({ n: 1, 'test:second': 2 });
    });

    it('writes the last of the values of a key, also where that is the first', async () => {
      await visitor.go(async (session) => {
        session.n = 1;
        const first = session.save();
        session.n = 0;
        await Promise.all([first, session.save()]);
      });
      expect(record()).to.have.property('n', 0);
    });

    it('leaves changes that came after the call to the next one', async () => {
      await visitor.go(async (session) => {
        session.n = 1;
        const first = session.save();
        session.n = 2;
        session.visitor?.tags.push('later');
        await first;
        expect(record()).to.deep.equal({ n: 1, visitor: visit });
        await session.save();
      });
      expect(record()).to.deep.equal({ n: 2, visitor: { name: 'Ada', tags: ['later'] } });
    });

    it('does not write again what it wrote before', async () => {
      await visitor.go(async (session) => {
        session.n = 1;
        await session.save();
        await write((theirs) => {
          theirs.n = 5;
        });
        session['test:mine'] = 1;
        await session.save();
      });
      expect(record()).to.include({ n: 5, 'test:mine': 1 });
    });

    it('writes again what it failed to write', async () => {
      await visitor.go(async (session) => {
        session.n = 1;
        store.failing.add('set');
        await session.save().catch(() => {});
        store.failing.delete('set');
        session['test:mine'] = 1;
        await session.save();
      });
      expect(record()).to.include({ n: 1, 'test:mine': 1 });
    });
  });
});
