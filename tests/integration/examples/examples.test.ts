import { execFile } from 'node:child_process';
import { expect } from 'chai';
import { io } from 'socket.io-client';
import { type RunningExample, startExample, startExampleWith } from '../../support/example.js';

const examples = {
  'examples/express': ['--import', 'tsx', 'examples/express/server.ts'],
  'examples/connect': ['examples/connect/server.cjs'],
  'examples/postgres': ['--import', 'tsx', 'examples/postgres/server.ts'],
  'examples/fastify': ['--import', 'tsx', 'examples/fastify/server.ts'],
  'examples/nestjs': ['--import', 'tsx', 'examples/nestjs/main.ts'],
};

/** As `tsx --tsconfig` has it: Nest's decorators are those from before the standard. */
const environments: Record<string, Record<string, string>> = {
  'examples/nestjs': { TSX_TSCONFIG_PATH: 'examples/nestjs/tsconfig.json' },
};

for (const [name, command] of Object.entries(examples)) {
  describe(name, () => {
    let example: RunningExample;

    before(async () => {
      example = await startExampleWith(environments[name] ?? {}, ...command);
    });

    after(() => example?.close());

    it('shows a page', async () => {
      const response = await fetch(example.address);

      expect(response.headers.get('content-type')).to.include('text/html');
      expect(await response.text()).to.include('Visit over the socket');
    });

    it('counts the visits over HTTP and over the socket in one session', async () => {
      const first = await visit();
      const cookie = first.cookie;
      const overSocket = await visitBySocket(cookie);
      const last = await visit(cookie);

      expect([first.visits, overSocket, last.visits]).to.deep.equal([1, 2, 3]);
    });

    it('counts each visitor apart', async () => {
      await visit();

      expect((await visit()).visits).to.equal(1);
    });

    async function visit(cookie = '') {
      const response = await fetch(`${example.address}/visits`, { headers: { cookie } });
      return {
        visits: Number(await response.text()),
        cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '',
      };
    }

    async function visitBySocket(cookie: string) {
      const socket = io(example.address, { extraHeaders: { cookie }, forceNew: true });
      try {
        return await new Promise<number>((resolve, reject) => {
          socket.once('visits', resolve).once('connect_error', reject).emit('visit');
        });
      } finally {
        socket.disconnect();
      }
    }
  });
}

describe('examples/native', () => {
  let example: RunningExample;

  before(async () => {
    example = await startExample('--import', 'tsx', 'examples/native/server.ts');
  });

  after(() => example?.close());

  it('lets a client without cookies in, and again after a lost connection', async () => {
    expect(await runClient(example.address, 'Grace')).to.deep.equal({
      exitCode: 0,
      lines: [
        'Hello Grace, this is connection 1 of your session',
        'Hello Grace, this is connection 2 of your session',
      ],
    });
  });

  it('gives no ticket without the cookie, and lets nobody in without a ticket', async () => {
    const answer = await fetch(`${example.address}/ticket`, { method: 'POST' });
    expect(answer.status).to.equal(401);
    const socket = io(example.address, { forceNew: true, reconnection: false });
    try {
      const error = await new Promise<Error & { data?: unknown }>((resolve) => {
        socket.once('connect_error', resolve);
      });
      expect(error.data).to.deep.equal({ code: 'ERR_SESSION_COOKIE_MISSING' });
    } finally {
      socket.disconnect();
    }
  });

  function runClient(...args: string[]): Promise<{ exitCode: number; lines: string[] }> {
    const command = ['--import', 'tsx', 'examples/native/client.ts', ...args];
    return new Promise((resolve) => {
      execFile(process.execPath, command, { timeout: 15_000 }, (error, stdout) => {
        resolve({ exitCode: Number(error?.code ?? 0), lines: stdout.trim().split('\n') });
      });
    });
  }
});
