/**
 * @module "Only a friendly origin gets a session": which origins are named, by `origins` or by
 * the server's `cors.origin`.
 */

import { inspect } from 'node:util';
import { expect } from 'chai';
import { type SinonFakeTimers, stub, useFakeTimers } from 'sinon';
import { Deadlines } from '../../source/deadlines.js';
import {
  OriginPolicy,
  type OriginPolicyDependencies,
} from '../../source/handshake/origin-policy.js';
import {
  type Case,
  expectPassed,
  expectRefused,
  friend,
  handshakeOf,
  request,
} from '../support/origins.js';
import { rejection } from '../support/outcomes.js';

describe('Only a friendly origin gets a session', () => {
  describe('`origins` as a list', () => {
    it('passes an origin that is in it', () =>
      expectPassed({ origin: friend, origins: ['https://other.example', friend] }));

    for (const named of ['HTTPS://Friend.Example', 'https://friend.example:443']) {
      it(`passes an origin that is in it as ${named}`, () =>
        expectPassed({ origin: friend, origins: [named] }));
    }

    for (const origin of [
      'http://friend.example',
      'https://friend.example:8443',
      'https://www.friend.example',
      'https://friend.example.evil.example',
      'https://evil.example/https://friend.example',
    ]) {
      it(`refuses ${origin}, which is not quite`, async () => {
        await expectRefused({ origin, origins: [friend] });
      });
    }

    it('passes what a regular expression matches', () =>
      expectPassed({ origin: friend, origins: [/^https:\/\/[a-z]+\.example$/] }));

    it('refuses what no regular expression matches', async () => {
      await expectRefused({ origin: friend, origins: [/^http:/, /\.com$/] });
    });

    it("still passes the host's own", () =>
      expectPassed({ origin: 'https://app.example.com', origins: [friend] }));

    for (const flags of ['g', 'y', 'gy']) {
      it(`answers the same each time for a regular expression with the flags ${flags}`, async () => {
        const policy = new OriginPolicy({
          origins: [new RegExp('https://friend', flags)],
          cors: () => undefined,
          deadlines: new Deadlines(5_000),
        });
        for (let time = 0; time < 4; time++) {
          await policy.check(handshakeOf({ origin: friend }), request);
        }
      });
    }

    it('leaves the regular expressions of the application as they were', async () => {
      const pattern = /friend/g;
      pattern.lastIndex = 3;
      await expectPassed({ origin: friend, origins: [pattern] });
      expect(pattern.lastIndex).to.equal(3);
    });
  });

  describe('`origins` as a function', () => {
    it('is given the origin and the handshake', async () => {
      const origins = stub().returns(true);
      await expectPassed({ origin: friend, origins });
      expect(origins.args).to.deep.equal([[friend, handshakeOf({ origin: friend })]]);
    });

    it("is not asked about the host's own origin", async () => {
      const origins = stub().returns(false);
      await expectPassed({ origin: 'https://app.example.com', origins });
      expect(origins.called).to.equal(false);
    });

    for (const [how, origins] of [
      ['returns true', () => true],
      ['resolves to true', async () => true],
    ] satisfies readonly (readonly [string, OriginPolicyDependencies['origins']])[]) {
      it(`passes an origin when it ${how}`, () => expectPassed({ origin: friend, origins }));
    }

    for (const answer of [false, undefined, null, 0, 1, 'true', {}, Promise.resolve(false)]) {
      it(`refuses an origin when it answers ${inspect(answer)}`, async () => {
        await expectRefused({ origin: friend, origins: (() => answer) as never });
      });
    }

    const failure = new Error('the list of origins is lost');

    for (const [how, origins] of [
      [
        'throws',
        () => {
          throw failure;
        },
      ],
      ['rejects', () => Promise.reject(failure)],
    ] satisfies readonly (readonly [string, OriginPolicyDependencies['origins']])[]) {
      it(`refuses an origin, and tells the cause, when it ${how}`, async () => {
        const error = await expectRefused({ origin: friend, origins });
        expect(error.cause).to.equal(failure);
      });
    }
  });

  describe('a function that never answers', () => {
    let clock: SinonFakeTimers;

    beforeEach(() => {
      clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    });

    afterEach(() => {
      clock.restore();
    });

    const never = (): Promise<boolean> => new Promise(() => {});

    for (const [where, given] of [
      ['`origins`', { origins: never }],
      ['`cors.origin`', { cors: { origin: never } }],
      ['the function that `cors` may be', { cors: never }],
    ] satisfies readonly (readonly [string, Case])[]) {
      it(`refuses at the deadline: ${where}`, async () => {
        const refused = expectRefused({ ...given, origin: friend });
        await clock.tickAsync(5_000);
        expect((await refused).cause)
          .to.have.property('message')
          .that.matches(/did not answer within 5000 ms/);
      });
    }
  });

  describe("the server's `cors.origin`", () => {
    type Answer = (error: unknown, answer?: unknown) => void;

    /** A function of `cors.origin` that gives an answer. */
    const answering =
      (answer: unknown) =>
      (_origin: unknown, next: Answer): void =>
        next(null, answer);

    for (const [what, origin] of [
      ['a string', friend],
      ['an array', ['https://other.example', friend]],
      ['arrays in an array', [['https://other.example'], [[friend]]]],
      ['a regular expression', /^https:\/\/friend\.example$/],
      ['a global regular expression', /friend/g],
      ['an array with a regular expression', ['https://other.example', /friend/]],
      ['a function that says true', answering(true)],
      ['a function that says a string', answering(friend)],
      ['a function that says an array', answering([friend])],
      ['a function that says a regular expression', answering(/friend/)],
      [
        'a function that answers later',
        (_origin: unknown, next: Answer) => setImmediate(next, null, true),
      ],
    ] as const) {
      it(`passes an origin that it names, as ${what}`, () =>
        expectPassed({ origin: friend, cors: { origin } }));
    }

    it('passes an origin that a function of the request names', () =>
      expectPassed({
        origin: friend,
        cors: (_request: unknown, next: Answer) => next(null, { origin: friend }),
      }));

    it('passes an origin that a function of the request names later', () =>
      expectPassed({
        origin: friend,
        cors: (_request: unknown, next: Answer) =>
          setImmediate(next, null, { origin: answering(true) }),
      }));

    it('is given the handshake\u2019s request, where it is a function of it', async () => {
      const cors = stub().callsArgWith(1, null, { origin: friend });
      await expectPassed({ origin: friend, cors });
      expect(cors.firstCall.args[0]).to.equal(request);
    });

    it('is given the origin, where it is a function', async () => {
      const origin = stub().callsArgWith(1, null, true);
      await expectPassed({ origin: friend, cors: { origin } });
      expect(origin.firstCall.args[0]).to.equal(friend);
    });

    for (const [what, cors] of [
      ['is another', { origin: 'https://other.example' }],
      ['is a list of others', { origin: ['https://other.example', /other/] }],
      ['is a pattern of others', { origin: /other/ }],
      ["is '*', which names nobody", { origin: '*' }],
      ["is a list with '*'", { origin: ['*'] }],
      ['is true, which names nobody', { origin: true }],
      ['is a list with true', { origin: [true] }],
      ['is false', { origin: false }],
      ['is left out', {}],
      ['is null', { origin: null }],
      ['is a function that says false', { origin: answering(false) }],
      ["is a function that says '*'", { origin: answering('*') }],
      ['is a function that says nothing', { origin: answering(undefined) }],
      ['is a function that says a function', { origin: answering(() => true) }],
      ["belongs to a function of the request that says '*'", answering({ origin: '*' })],
      ['belongs to a function of the request that says nothing', answering(undefined)],
    ] as const) {
      it(`refuses an origin where it ${what}`, async () => {
        await expectRefused({ origin: friend, cors });
      });
    }

    it('refuses an origin where there is no `cors` at all', async () => {
      await expectRefused({ origin: friend, cors: undefined });
    });

    const failure = new Error('the list of origins is lost');

    for (const [how, cors] of [
      ['a function that fails', { origin: (_origin: unknown, next: Answer) => next(failure) }],
      [
        'a function that throws',
        {
          origin: () => {
            throw failure;
          },
        },
      ],
      ['a function of the request that fails', (_request: unknown, next: Answer) => next(failure)],
      [
        'a function of the request that throws',
        () => {
          throw failure;
        },
      ],
    ] as const) {
      it(`refuses an origin, and tells the cause, where it is ${how}`, async () => {
        expect((await expectRefused({ origin: friend, cors })).cause).to.equal(failure);
      });
    }

    it('is asked after `origins` said no', () =>
      expectPassed({ origin: friend, origins: () => false, cors: { origin: friend } }));

    it('is read at each handshake, because the server may be attached later', async () => {
      let cors: unknown;
      const policy = new OriginPolicy({
        origins: [],
        cors: () => cors,
        deadlines: new Deadlines(5_000),
      });
      const check = async (): Promise<void> =>
        policy.check(handshakeOf({ origin: friend }), request);
      expect(await rejection(check())).to.be.an('error');
      cors = { origin: friend };
      await check();
    });
  });
});
