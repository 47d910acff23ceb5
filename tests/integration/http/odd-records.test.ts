import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import { App } from '../../support/app.js';
import { overHttp } from '../../support/visits.js';

describe('An HTTP request whose session cannot be copied', () => {
  let app: App;

  beforeEach(async () => {
    app = await App.start({ store: new MemoryStore() });
  });
  afterEach(() => app.stop());

  function nested(depth: number): unknown {
    let value: unknown = 'deep';
    for (let level = 0; level < depth; level++) value = [value];
    return value;
  }

  for (const depth of [1_000, 1_500]) {
    it(`is served all the same, with data nested ${depth} levels deep`, async () => {
      const { cookie } = await app.login();
      await overHttp(app, cookie, (request) => {
        request.session['test:deep'] = nested(depth);
      });
      const { result: isThere } = await overHttp(app, cookie, (request) => {
        request.session.n = 5;
        return Array.isArray(request.session['test:deep']);
      });
      expect(isThere).to.equal(true);
      const { result } = await overHttp(app, cookie, (request) => request.session.n);
      expect(result).to.equal(5);
    });
  }
});
