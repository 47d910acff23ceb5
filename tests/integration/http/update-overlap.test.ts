import { expect } from 'chai';
import { Site } from '../../support/site.js';
import { holdNext, SlowStore } from '../../support/slow-store.js';

describe('What a request saves while its update is being written', () => {
  let site: Site;

  afterEach(() => site.stop());

  it('stays in its session, and is not written again', async () => {
    const store = new SlowStore();
    site = await Site.start({ store });
    const { cookie, sessionId } = await site.visitor();
    const { result } = await site.visit(cookie, async (request) => {
      const writing = holdNext(store, 'set');
      const updated = site.expressionIO.update(request, (fresh) => {
        fresh.n = 1;
      });
      await writing.reached;
      request.session['test:saved'] = 1;
      const saved = new Promise((resolve) => request.session.save(resolve));
      request.session['test:unsaved'] = 1;
      writing.open();
      await updated;
      const shown = { ...request.session, cookie: undefined };
      await saved;
      await site.visit(cookie, (other) => {
        other.session['test:saved'] = 2;
      });
      return shown;
    });
    expect(result).to.deep.equal({ n: 1, 'test:saved': 1, 'test:unsaved': 1 });
    expect(await site.record(sessionId)).to.include({ n: 1, 'test:saved': 2, 'test:unsaved': 1 });
  });
});
