import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const compilers = {
  'TypeScript 7': 'typescript',
  'TypeScript 5.6': 'typescript-5.6',
} as const;

/** A consumer's own program: uses what the package promises, and prints what it finds. */
const probe = `
console.log(JSON.stringify({
  name: ExpressionSocket.name,
  error: new ExpressionSocket.SessionError('ERR_SESSION_ORIGIN', 'no') instanceof Error,
}));
`;
const found = { name: 'ExpressionSocket', error: true };

describe('The packed package', function () {
  // Packing and compiling take their time on a slow machine.
  this.timeout(300_000);

  let consumer: string;
  let tarball: string;
  let contents: string[];

  before(() => {
    // Below node_modules of the checkout, so that the consumer finds the peers without a network.
    mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
    consumer = mkdtempSync(join(root, 'node_modules/.cache/consumer-'));
    // Without it, compilers take the consumer for a part of the checkout, and its `dist` for the package.
    writeFileSync(join(consumer, 'package.json'), JSON.stringify({ private: true }));
    const [{ filename, files }] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', consumer], {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
    contents = files.map(({ path }: { path: string }) => path);
    tarball = join(consumer, filename);
    const home = join(consumer, 'node_modules', manifest.name);
    mkdirSync(home, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '-C', home, '--strip-components=1']);
  });
  after(() => rmSync(consumer, { recursive: true, force: true }));

  function run(file: string, program: string): unknown {
    writeFileSync(join(consumer, file), program);
    // Without `NODE_OPTIONS`, which would bring the loader of the tests along.
    const { NODE_OPTIONS: _, ...env } = process.env;
    const output = execFileSync(process.execPath, [file], { cwd: consumer, env, encoding: 'utf8' });
    return JSON.parse(output);
  }

  /** Tells the errors in the program and in our declarations; those of others are theirs. */
  function compile(compiler: string, file: string, program: string): string[] {
    writeFileSync(join(consumer, file), program);
    const options = {
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: '.',
      outDir: 'declarations',
      strict: true,
      module: 'nodenext',
      target: 'es2022',
      types: ['node'],
    };
    const config = JSON.stringify({ compilerOptions: options, files: [file] });
    writeFileSync(join(consumer, 'tsconfig.json'), config);
    const { stdout } = spawnSync(
      process.execPath,
      [join(root, `node_modules/${compiler}/lib/tsc.js`), '--pretty', 'false'],
      { cwd: consumer, encoding: 'utf8' },
    );
    return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('../'));
  }

  it('holds the library, its documents, and nothing else', () => {
    for (const path of contents) {
      expect(path).to.match(
        /^(dist\/.+\.(c?js|d\.c?ts)|dist\/cjs\/package\.json|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
      );
    }
    expect(contents).to.include.members([
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'dist/cjs/require.cjs',
    ]);
  });

  it('has nothing that publint would complain of', async () => {
    const { messages, pkg } = await publint({
      pkgDir: join(consumer, 'node_modules', manifest.name),
    });
    expect(messages.map((message) => formatMessage(message, pkg))).to.deep.equal([]);
  });

  it('has nothing that `attw` would complain of, in any entry', () => {
    const cli = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    const { NODE_OPTIONS: _, ...env } = process.env;
    const { analysis } = JSON.parse(
      execFileSync(process.execPath, [cli, tarball, '--format', 'json'], { env, encoding: 'utf8' }),
    );
    expect(Object.keys(analysis.entrypoints)).to.have.members(Object.keys(manifest.exports));
    expect(analysis.problems).to.deep.equal([]);
  });

  it('gives `import { ExpressionSocket }` the class', () => {
    const program = `import { ExpressionSocket } from '${manifest.name}';${probe}`;
    expect(run('named.mjs', program)).to.deep.equal(found);
  });

  it('gives `import ExpressionSocket` the class', () => {
    const program = `import ExpressionSocket from '${manifest.name}';${probe}`;
    expect(run('default.mjs', program)).to.deep.equal(found);
  });

  it('gives `require()` the class itself', () => {
    const program = `const ExpressionSocket = require('${manifest.name}');${probe}`;
    expect(run('whole.cjs', program)).to.deep.equal(found);
  });

  it('lets `require()` be taken apart as well', () => {
    const program = `const { ExpressionSocket } = require('${manifest.name}');${probe}`;
    expect(run('apart.cjs', program)).to.deep.equal(found);
  });

  const entries = `
    console.log(JSON.stringify({
      sessions: typeof enable, redis: typeof redis, client: typeof connectWithSession,
      socket: typeof SessionSocket,
    }));
  `;
  const functions = {
    sessions: 'function',
    redis: 'function',
    client: 'function',
    socket: 'function',
  };

  it('has further entries, for `import`', () => {
    const program = `
      import { enable } from '${manifest.name}/sessions';
      import { redis } from '${manifest.name}/redis';
      import { connectWithSession, SessionSocket } from '${manifest.name}/client';
      ${entries}`;
    expect(run('entries.mjs', program)).to.deep.equal(functions);
  });

  it('has further entries, for `require()`', () => {
    const program = `
      const { enable } = require('${manifest.name}/sessions');
      const { redis } = require('${manifest.name}/redis');
      const { connectWithSession, SessionSocket } = require('${manifest.name}/client');
      ${entries}`;
    expect(run('entries.cjs', program)).to.deep.equal(functions);
  });

  it('needs no client of Socket.IO on a server', () => {
    const imports = contents
      .filter((path) => /\.c?js$/.test(path) && !/\/(client|testing)\//.test(path))
      .map((path) => readFileSync(join(consumer, 'node_modules', manifest.name, path), 'utf8'));
    expect(imports.join('')).to.match(/require\("node:crypto"\)/);
    expect(imports.join('')).not.to.match(
      /(from |require\()['"](socket\.io-client|socket\.io)['"]/,
    );
  });

  it('serves its client script', () => {
    const program = `
      import { createServer } from 'node:http';
      import { enable } from '${manifest.name}/sessions';
      import { Server } from 'socket.io';
      import session from 'express-session';
      import cookieParser from 'cookie-parser';
      const http = createServer().listen(0, async () => {
        const io = new Server(http);
        enable({ socket: io, store: new session.MemoryStore(), parser: cookieParser('s') });
        const address = 'http://localhost:' + http.address().port;
        const response = await fetch(address + '/socket.io/socket.io-sessions.js');
        const text = await response.text();
        console.log(JSON.stringify([response.status, text.includes('function sessionClient')]));
        io.close();
      });`;
    expect(run('script.mjs', program)).to.deep.equal([200, true]);
  });

  for (const [name, compiler] of Object.entries(compilers)) {
    it(`has declarations of the further entries that ${name} takes`, () => {
      const program = `
        import { enable } from '${manifest.name}/sessions';
        import { connectWithSession } from '${manifest.name}/client';
        import { Server } from 'socket.io';
        import { MemoryStore } from 'express-session';
        import cookieParser from 'cookie-parser';
        const settings = { socket: new Server(), store: new MemoryStore(), parser: cookieParser('s') };
        enable(settings).on('sconnection', (client, session) => {
          console.log(client.id, session.cookie.path);
        });
        connectWithSession('/chat').on('message', () => {});
      `;
      expect(compile(compiler, 'entries.mts', program)).to.deep.equal([]);
    });
  }

  for (const [name, compiler] of Object.entries(compilers)) {
    it(`has declarations that ${name} takes, in ESM`, () => {
      const program = `
        import { ExpressionSocket, SessionError, type SocketSession } from '${manifest.name}';
        import { Server } from 'socket.io';
        import { MemoryStore } from 'express-session';
        import cookieParser from 'cookie-parser';
        const expressionIO = new ExpressionSocket(new Server(), new MemoryStore(), cookieParser('s'), {
          autoErrManager: true,
        });
        expressionIO.of('/chat').on('connection', (session, socket) => {
          const held: SocketSession = session;
          socket.sessOn('go', (session) => void session.save());
          console.log(held.cookie.path, SessionError.name);
        });
      `;
      expect(compile(compiler, 'consumer.mts', program)).to.deep.equal([]);
    });
  }

  for (const [name, compiler] of Object.entries(compilers)) {
    for (const file of ['tests.mts', 'tests.cts']) {
      it(`declares a test server whose clients are those of Socket.IO to ${name} in ${file}`, () => {
        const program = `
          import { nextEvent, startTestServer } from '${manifest.name}/testing';
          import { io, type Socket } from 'socket.io-client';
          export async function connect() {
            const server = await startTestServer();
            const client: Socket = await server.connect();
            await server.logout(io());
            await nextEvent(io(), 'connect');
            return client;
          }
          export const connectAnother = async () => (await startTestServer()).connect();
        `;
        expect(compile(compiler, file, program)).to.deep.equal([]);
      });
    }
  }

  for (const [name, compiler] of Object.entries(compilers)) {
    for (const file of ['library.mts', 'library.cts']) {
      it(`exports every type that ${name} has to name in the declarations of ${file}`, () => {
        const program = `
          import { ExpressionSocket, type SessionNamespace, type SessionSocket } from '${manifest.name}';
          import { enable } from '${manifest.name}/sessions';
          import { Server, type Socket } from 'socket.io';
          import { MemoryStore } from 'express-session';
          import cookieParser from 'cookie-parser';
          interface Events { vote(option: string): void }
          type Always = SessionSocket<Events, Events, Events, unknown, { alwaysSession: true }>;
          const [store, parser] = [new MemoryStore(), cookieParser('s')];
          export const selective = new ExpressionSocket(new Server<Events>(), store, parser);
          export const always = new ExpressionSocket(new Server<Events>(), store, parser, {
            alwaysSession: true,
            autoErrManager: true,
          });
          export const wrapper = selective.sockets.on('connection', () => {});
          export const child = always.of('/chat').authorization(() => true).off('connect', () => {});
          export const own = selective.of(new Server<Events>().of('/own')).on('connect', () => {});
          export const handler = selective.ticketHandler;
          export const wrap = (raw: Socket, to: SessionNamespace<Events>) => to.socketOf(raw);
          export const wrapAlways = (raw: Socket) => always.sockets.socketOf(raw);
          export const connected = new Promise((resolve: (socket: ReturnType<typeof wrap>) => void) =>
            selective.sockets.on('connection', (_err, _session, socket) => resolve(socket)),
          );
          export const connectedAlways = () =>
            new Promise((resolve: (socket: ReturnType<typeof wrapAlways>) => void) =>
              always.sockets.on('connection', (_session, socket) => resolve(socket)),
            );
          export const listen = (socket: SessionSocket<Events>) => socket.sessOn('vote', () => {});
          export const listenAlways = (socket: Always) => socket.on('vote', () => {});
          export const send = (socket: SessionSocket<Events>) => [socket.volatile, socket.timeout(5)];
          export const sendAlways = (socket: Always) => [socket.volatile, socket.timeout(5)];
          export const sessions = enable(new Server<Events>(), store, { parser }).on('sinvalid', () => {});
          export const { expressionIO } = sessions;
        `;
        expect(compile(compiler, file, program)).to.deep.equal([]);
      });
    }
  }

  for (const [name, compiler] of Object.entries(compilers)) {
    it(`has declarations for \`require\` that ${name} takes`, () => {
      const program = `
        import ExpressionSocket = require('${manifest.name}');
        const error: ExpressionSocket.SessionError =
          new ExpressionSocket.SessionError('ERR_SESSION_ORIGIN', 'no');
        console.log(error.message, ExpressionSocket.name);
      `;
      expect(compile(compiler, 'consumer.cts', program)).to.deep.equal([]);
    });

    it(`has declarations for \`import\` in a CommonJS module that ${name} takes`, () => {
      const program = `
        import ByDefault, { ExpressionSocket, SessionError, type SocketSession } from '${manifest.name}';
        import { startTestServer } from '${manifest.name}/testing';
        import { Server } from 'socket.io';
        import { MemoryStore } from 'express-session';
        import cookieParser from 'cookie-parser';
        const expressionIO: ExpressionSocket = new ByDefault(
          new Server(), new MemoryStore(), cookieParser('s'),
        );
        expressionIO.sockets.on('connection', (err, session) => {
          if (err) return console.log(err instanceof SessionError);
          const held: SocketSession = session;
          console.log(held.id);
        });
        void startTestServer({ options: { autoErrManager: true } });
      `;
      expect(compile(compiler, 'imports.cts', program)).to.deep.equal([]);
    });
  }
});
