/**
 * @module Bad input in the `Cookie` header: it opens no session, crashes nothing, and does not affect
 * other visitors.
 */

import { expect } from 'chai';
import fc from 'fast-check';
import type { SessionErrorCode } from '../../../source/index.js';
import { App, secret } from '../../support/app.js';
import { sign } from '../../support/cookies.js';
import { expectNoCrash } from '../../support/crashes.js';
import { arrive } from '../../support/outcomes.js';
import { ControlledStore } from '../../support/stores.js';

describe('Bad input in a cookie', () => {
  let app: App;
  let store: ControlledStore;
  let cookie: string;
  let sessionId: string;

  beforeEach(async () => {
    store = new ControlledStore();
    app = await App.start({ store });
    ({ cookie, sessionId } = await app.login());
    store.reads.length = 0;
  });

  afterEach(async () => {
    await app.stop();
  });

  expectNoCrash();

  /** Expects a `Cookie` header to open nothing; tells why. */
  async function codeFor(header: string): Promise<SessionErrorCode | undefined> {
    const { err, session, client } = await arrive(app, { cookie: header });
    client.disconnect();
    expect(session).to.equal(null);
    expect(err?.message).not.to.include(sessionId);
    expect(store.reads).to.deep.equal([]);
    return err?.code;
  }

  async function expectOthersGetIn(): Promise<void> {
    expect((await arrive(app, { cookie })).session?.id).to.equal(sessionId);
  }

  describe('that is percent-broken', () => {
    for (const value of ['%', '%E0%A4%A', '%zz', 's%3A%', 's%3', '%00', 's%3A%F0%28%8C%28.x']) {
      it(`is refused: ${value}`, async () => {
        expect(await codeFor(`connect.sid=${value}`)).to.equal('ERR_SESSION_COOKIE_INVALID');
        await expectOthersGetIn();
      });
    }

    it('is refused for its end, although its start was signed', async () => {
      expect(await codeFor(`${cookie}%`)).to.equal('ERR_SESSION_COOKIE_INVALID');
    });
  });

  describe('that is huge', () => {
    it('is refused', async () => {
      expect(await codeFor(`connect.sid=s%3A${'x'.repeat(14_000)}`)).to.equal(
        'ERR_SESSION_COOKIE_INVALID',
      );
      await expectOthersGetIn();
    });

    it('is refused although it begins with a session id', async () => {
      const value = `s:${sessionId}${'.x'.repeat(7_000)}`;
      expect(await codeFor(`connect.sid=${value}`)).to.equal('ERR_SESSION_COOKIE_INVALID');
    });

    it('hides no cookie that was signed', async () => {
      const { session } = await arrive(app, { cookie: `big=${'x'.repeat(14_000)}; ${cookie}` });
      expect(session?.id).to.equal(sessionId);
    });

    it('is refused by the HTTP server where it is beyond the limit of headers', async () => {
      const client = app.client({ cookie: `connect.sid=${'x'.repeat(100_000)}` });
      await new Promise((resolve) => client.once('connect_error', resolve));
      await expectOthersGetIn();
    });
  });

  describe('that is repeated', () => {
    it('is read as its first value, which is refused if it was forged', async () => {
      expect(await codeFor(`connect.sid=forged; ${cookie}`)).to.equal('ERR_SESSION_COOKIE_INVALID');
    });

    it('opens the session of its first value, whatever comes after', async () => {
      const { session } = await arrive(app, {
        cookie: `${cookie}; connect.sid=forged; connect.sid=`,
      });
      expect(session?.id).to.equal(sessionId);
    });

    it('is refused a thousand times over', async () => {
      const header = Array.from({ length: 1_000 }, () => 'connect.sid=x').join(';');
      expect(await codeFor(header)).to.equal('ERR_SESSION_COOKIE_INVALID');
      await expectOthersGetIn();
    });
  });

  describe('that is missing', () => {
    for (const header of [
      ' ',
      ';',
      '=',
      ';;;===;;;',
      'connect.sid',
      'connect.sid;',
      '{"connect.sid":"x"}',
      '__proto__=x; constructor=y; toString=z',
      'connect.sid2=x',
      'xconnect.sid=x',
      '\u00FF\u00FE\u0080',
    ]) {
      it(`is missing: ${JSON.stringify(header)}`, async () => {
        expect(await codeFor(header)).to.equal('ERR_SESSION_COOKIE_MISSING');
      });
    }

    it('opens nothing, whatever it is', async () => {
      const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(
        (character) => /[\t\x20-\x7e\x80-\xff]/.test(character),
      );
      const parts = fc.constantFrom(
        'connect.sid',
        '=',
        ';',
        '%',
        's:',
        's%3A',
        'j:',
        '"',
        sessionId,
        `connect.sid=${sessionId}`,
        sign(sessionId, 'another secret'),
        ...characters,
      );
      await fc.assert(
        fc.asyncProperty(fc.array(parts, { minLength: 1 }), async (pieces) => {
          expect(await codeFor(pieces.join(''))).to.be.oneOf([
            'ERR_SESSION_COOKIE_MISSING',
            'ERR_SESSION_COOKIE_INVALID',
          ]);
        }),
        { seed: 3, numRuns: 150 },
      );
      await expectOthersGetIn();
    });
  });

  it('does not let its value decide what the store is asked', async () => {
    for (const id of [
      '__proto__',
      'constructor',
      '../../etc/passwd',
      '*',
      ' ',
      '\0',
      'x'.repeat(5_000),
    ]) {
      const { err } = await arrive(app, {
        cookie: `connect.sid=${encodeURIComponent(sign(id, secret))}`,
      });
      expect(err?.code).to.equal('ERR_SESSION_NOT_FOUND');
    }
  });
});
