/**
 * @module "Only a friendly origin gets a session": which origins are the host's own.
 */

import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { stub } from 'sinon';
import { type Case, expectPassed, expectRefused } from '../support/origins.js';

describe('Only a friendly origin gets a session', () => {
  describe("the host's own origin", () => {
    for (const [origin, host] of [
      ['https://app.example.com', 'app.example.com'],
      ['http://app.example.com', 'app.example.com'],
      ['http://localhost:3000', 'localhost:3000'],
      ['https://localhost:3000', 'localhost:3000'],
      ['https://app.example.com', 'app.example.com:443'],
      ['https://app.example.com:443', 'app.example.com'],
      ['http://app.example.com', 'app.example.com:80'],
      ['http://app.example.com:80', 'app.example.com'],
      ['HTTPS://APP.EXAMPLE.COM', 'app.example.com'],
      ['https://app.example.com', 'App.Example.COM'],
      ['http://[::1]:3000', '[::1]:3000'],
      ['http://[0:0:0:0:0:0:0:1]:3000', '[::1]:3000'],
      ['https://xn--bcher-kva.example', 'xn--bcher-kva.example'],
      ['https://b\u00FCcher.example', 'xn--bcher-kva.example'],
      ['capacitor://localhost', 'localhost'],
    ] as const) {
      it(`passes: ${origin} at ${host}`, () => expectPassed({ origin, host }));
    }
  });

  describe('behind a trusted proxy, the forwarded host', () => {
    const origin = 'https://app.example.com';
    const host = '10.0.0.7:3000';

    for (const forwarded of [
      'app.example.com',
      'app.example.com, 10.0.0.1',
      ' app.example.com:443',
    ]) {
      it(`is the host: ${forwarded}`, async () => {
        const headers = { 'x-forwarded-host': forwarded };
        await expectPassed({ origin, host, headers, trustProxy: true });
        await expectRefused({ origin, host, headers });
      });
    }

    for (const forwarded of ['evil.example', 'evil.example, app.example.com']) {
      it(`is no other host: ${forwarded}`, async () => {
        const headers = { 'x-forwarded-host': forwarded };
        const host = 'app.example.com';
        await expectRefused({ origin, host, headers, trustProxy: true });
        await expectPassed({ origin, host, headers });
      });
    }

    for (const headers of [{}, { 'x-forwarded-host': '' }]) {
      it(`is \`Host\` where there is none: ${inspect(headers)}`, async () => {
        await expectPassed({ origin, host: 'app.example.com', headers, trustProxy: true });
        await expectRefused({ origin, host, headers, trustProxy: true });
      });
    }

    it('is that of the page that included a script', async () => {
      const headers = { 'x-forwarded-host': 'app.example.com', referer: `${origin}/page` };
      const query = { j: '0' };
      await expectPassed({ host, headers, query, trustProxy: true });
      await expectRefused({ host, headers, query });
    });
  });

  describe('another origin', () => {
    for (const [origin, host] of [
      ['https://evil.example', 'app.example.com'],
      ['https://example.com', 'app.example.com'],
      ['https://evil.app.example.com', 'app.example.com'],
      ['https://app.example.com.evil.example', 'app.example.com'],
      ['https://evilapp.example.com', 'app.example.com'],
      ['http://localhost:3000', 'localhost:3001'],
      ['http://localhost:3000', 'localhost'],
      ['http://localhost', 'localhost:3000'],
      ['http://app.example.com', 'app.example.com:443'],
      ['https://app.example.com', 'app.example.com:80'],
      ['https://app.example.com:8443', 'app.example.com:443'],
      ['http://127.0.0.1:3000', 'localhost:3000'],
      ['http://[::2]:3000', '[::1]:3000'],
      ['https://xn--bcher-kva.example', 'bucher.example'],
    ] as const) {
      it(`is refused: ${origin} at ${host}`, async () => {
        await expectRefused({ origin, host });
      });
    }

    it('is refused, whatever its host and port', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.domain(),
          fc.option(fc.integer({ min: 1, max: 65_535 })),
          fc.constantFrom('http', 'https', 'ws', 'capacitor'),
          async (domain, port, scheme) => {
            const origin = `${scheme}://${domain}${port === null ? '' : `:${port}`}`;
            await expectRefused({ origin, host: 'app.example.com' });
          },
        ),
        { seed: 1 },
      );
    });

    it('is refused on another port, whatever the ports', async () => {
      const port = fc.integer({ min: 1, max: 65_535 });
      await fc.assert(
        fc.asyncProperty(port, port, async (theirs, ours) => {
          fc.pre(theirs !== ours);
          await expectRefused({ origin: `http://localhost:${theirs}`, host: `localhost:${ours}` });
        }),
        { seed: 1 },
      );
    });

    it('is named in the message, with the way out', async () => {
      const { message } = await expectRefused({ origin: 'https://evil.example' });
      expect(message).to.include('"https://evil.example"').and.to.include('`origins`');
    });

    it('is told with the host that it was compared with', async () => {
      const { message } = await expectRefused({
        origin: 'http://localhost:5173',
        host: '127.0.0.1:3000',
      });
      expect(message).to.include('since the host is "127.0.0.1:3000"').and.not.to.include('proxy');
    });

    it('is told that a proxy may have changed the host, where one forwarded another', async () => {
      const headers = { 'x-forwarded-host': 'app.example.com' };
      const given = { origin: 'https://app.example.com', host: '10.0.0.7:3000', headers };
      expect((await expectRefused(given)).message).to.include('turn `trustProxy` on');
    });

    for (const cors of [{ origin: '*' }, { origin: true }, {}, true, '*']) {
      it(`is told that \`cors\` names none: ${inspect(cors)}`, async () => {
        const { message } = await expectRefused({ origin: 'https://evil.example', cors });
        expect(message).to.include(
          'allows every origin, but a session needs origins that are listed by name',
        );
      });
    }

    for (const origin of [
      'https://friend.example/',
      ['https://a.example', 'https://friend.example/'],
    ]) {
      it(`is told of a trailing slash in \`cors.origin\`: ${inspect(origin)}`, async () => {
        const given = { origin: 'https://friend.example', cors: { origin } };
        const { message } = await expectRefused(given);
        expect(message).to.include('remove the trailing slash from `cors.origin`');
      });
    }

    it('is told why it cannot be allowed where it is `null`', async () => {
      const { message } = await expectRefused({ origin: 'null' });
      expect(message).to.include('sandboxed').and.not.to.include('add it to');
    });

    it('is told no hint that does not apply', async () => {
      const { message } = await expectRefused({ origin: 'https://evil.example', cors: false });
      expect(message).not.to.match(/proxy|slash|names none/);
    });

    it('is refused where the host is not known', async () => {
      await expectRefused({ origin: 'https://app.example.com', host: '' });
    });
  });

  describe('a malformed origin', () => {
    for (const origin of [
      '',
      ' ',
      'app.example.com',
      '//app.example.com',
      'https:app.example.com',
      'https:/app.example.com',
      'https://',
      'https://:443',
      'https://app.example.com/',
      'https://app.example.com/path',
      'https://app.example.com?query',
      'https://app.example.com#hash',
      'https://user@app.example.com',
      'https://user:password@app.example.com',
      'https://app.example.com@evil.example',
      'https://app.example.com\\@evil.example',
      'https://evil.example\\.app.example.com',
      'https://app.example.com:99999',
      'https://app.example.com:port',
      'https://app.example.com, https://evil.example',
      'https://evil.example, https://app.example.com',
      'https://app.example.com https://evil.example',
      'https://[::1',
      'https://%',
      '://app.example.com',
      '1https://app.example.com',
      'undefined',
      '*',
      'file://',
      'data:text/html,app.example.com',
    ]) {
      it(`is refused: ${JSON.stringify(origin)}`, async () => {
        await expectRefused({ origin });
      });
    }

    it('is refused, whatever it is', async () => {
      await fc.assert(
        fc.asyncProperty(fc.string({ maxLength: 40, unit: 'binary-ascii' }), async (origin) => {
          await expectRefused({ origin });
        }),
        { seed: 1 },
      );
    });
  });

  describe('no origin', () => {
    it('passes, because it is not a browser', () => expectPassed({}));

    it('passes without anybody being asked', async () => {
      const origins = stub().returns(false);
      await expectPassed({ origins });
      expect(origins.called).to.equal(false);
    });
  });

  describe('`Origin: null`, which a sandboxed page of anybody sends,', () => {
    for (const given of [
      {},
      { host: 'null' },
      { origins: [/./, /null/] },
      { origins: ['null'] },
      { cors: { origin: 'null' } },
      { cors: { origin: ['null', /./] } },
      { cors: { origin: /null/ } },
      { cors: { origin: '*' } },
      { cors: { origin: true } },
      {
        cors: {
          origin: (_origin: unknown, next: (e: null, a: unknown) => void) => next(null, true),
        },
      },
    ] satisfies readonly Case[]) {
      it(`is refused with ${inspect(given)}`, async () => {
        await expectRefused({ ...given, origin: 'null' });
      });
    }
  });

  describe('`origins: false`', () => {
    for (const origin of ['https://evil.example', 'null', '', 'nonsense']) {
      it(`passes ${JSON.stringify(origin)}`, () => expectPassed({ origin, origins: false }));
    }
  });

  describe('a script on a foreign page, which sends no origin', () => {
    for (const [what, given] of [
      ['of another site', { headers: { 'sec-fetch-site': 'cross-site' } }],
      ['of the same site', { headers: { 'sec-fetch-site': 'same-site' } }],
      ['of an older browser, by JSONP', { query: { j: '0' } }],
      [
        'of an older browser that tells its page',
        { query: { j: '0' }, headers: { referer: 'https://evil.example/page' } },
      ],
    ] as const) {
      it(`is refused: ${what}`, () => expectRefused(given));
    }

    for (const [what, given] of [
      ['of the host itself', { headers: { 'sec-fetch-site': 'same-origin' } }],
      ['that a person typed', { headers: { 'sec-fetch-site': 'none' } }],
      [
        'of the host itself in an older browser, by JSONP',
        { query: { j: '0' }, headers: { referer: 'https://app.example.com/page' } },
      ],
    ] as const) {
      it(`passes a request ${what}`, () => expectPassed(given));
    }

    it('passes where the check is off', () =>
      expectPassed({ origins: false, headers: { 'sec-fetch-site': 'cross-site' } }));
  });
});
