/**
 * @module The combinations that the package has to work in.
 */

/** One combination. */
export interface Case {
  readonly group: string;
  readonly name: string;
  /** What is installed beside the library and its usual peers, which it may replace. */
  readonly packages?: readonly string[];
  /** The packages whose versions the table shows. */
  readonly shown: readonly string[];
  /** The major version of Node.js; that of this process, if it is left out. */
  readonly node?: number;
  /** Files to write, such as the configuration of a tool. */
  readonly files?: Readonly<Record<string, string | object>>;
  /** What to run with Node.js, in turn: a file and its arguments. */
  readonly commands: readonly (readonly string[])[];
  /** Whether it needs a Redis server, whose address is in `REDIS_URL`. */
  readonly redis?: boolean;
  /** Declarations of other packages fail to compile here, so only our lines count. */
  readonly isCompiled?: boolean;
}

/** The peers, at their newest, and what the programs need. */
export const usual: readonly string[] = [
  'cookie-parser',
  'express',
  'express-session',
  'socket.io',
  'socket.io-client',
];

const servers = ['socket.io', 'express', 'express-session'];
const both = [['import.mjs'], ['require.cjs']] as const;

const nodes: readonly Case[] = [20, 22, 24].map((node) => ({
  group: 'Node.js',
  name: 'import and require, one copy of state',
  node,
  shown: servers,
  commands: both,
}));

const peers: readonly Case[] = [
  { name: 'oldest Socket.IO', packages: ['socket.io@4.7.0', 'socket.io-client@4.7.0'] },
  { name: 'Express 4', packages: ['express@4'] },
  { name: 'oldest express-session', packages: ['express-session@1.17.0'] },
  {
    name: 'oldest of all',
    packages: [
      'socket.io@4.7.0',
      'socket.io-client@4.7.0',
      'express@4.17.0',
      'express-session@1.17.0',
      'cookie-parser@1.4.0',
    ],
  },
].map((one) => ({ ...one, group: 'Peers', shown: servers, commands: both }));

const databases: readonly Case[] = [
  { name: 'redis 4', packages: ['redis@4', 'connect-redis@7'], client: 'redis' },
  { name: 'redis 5', packages: ['redis@5', 'connect-redis@9'], client: 'redis' },
  { name: 'redis 6', packages: ['redis@6', 'connect-redis@10'], client: 'redis' },
  { name: 'ioredis 5', packages: ['ioredis@5', 'connect-redis@8'], client: 'ioredis' },
  { name: 'ioredis newest', packages: ['ioredis', 'connect-redis@8'], client: 'ioredis' },
].map(({ client, ...one }) => ({
  ...one,
  group: 'Redis',
  redis: true,
  shown: [client, 'connect-redis'],
  commands: [['redis.cjs', client]],
}));

/** What the frameworks' own tests are run with. */
const frameworks: readonly Case[] = [
  ...[20, 22, 24].map((node) => ({
    name: 'Jest',
    node,
    packages: ['jest@30'],
    shown: ['jest'],
    files: { 'jest.config.cjs': "module.exports = { testMatch: ['**/globals.test.cjs'] };" },
    commands: [['node_modules/jest/bin/jest.js', '--ci']],
  })),
  ...[
    { node: 20, version: '4' },
    { node: 22, version: 'latest' },
    { node: 24, version: 'latest' },
  ].map(({ node, version }) => ({
    name: 'Vitest',
    node,
    packages: [`vitest@${version}`],
    shown: ['vitest'],
    files: { 'vitest.config.mjs': "export default { test: { include: ['vitest.test.mjs'] } };" },
    commands: [['node_modules/vitest/vitest.mjs', 'run']],
  })),
  ...[20, 24].map((node) => ({
    name: 'Mocha',
    node,
    packages: ['mocha'],
    shown: ['mocha'],
    commands: [['node_modules/mocha/bin/mocha.js', 'globals.test.cjs', 'mocha.test.mjs']],
  })),
  ...[20, 22, 24].map((node) => ({
    name: 'node:test',
    node,
    shown: [],
    commands: [['--test', 'node.test.mjs']],
  })),
].map((one) => ({ ...one, group: 'Testing' }));

/** A module mode of TypeScript. */
interface Mode {
  readonly name: string;
  readonly versions: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly type: 'module' | 'commonjs';
  readonly isModule?: boolean;
}

const modes: readonly Mode[] = [
  {
    name: 'nodenext, ESM',
    options: { module: 'nodenext' },
    type: 'module',
    versions: ['5.6', '7'],
  },
  {
    name: 'nodenext, CommonJS',
    options: { module: 'nodenext' },
    type: 'commonjs',
    versions: ['5.6', '7'],
  },
  { name: 'node16, ESM', options: { module: 'node16' }, type: 'module', versions: ['5.6', '7'] },
  {
    name: 'node16, CommonJS',
    options: { module: 'node16' },
    type: 'commonjs',
    versions: ['5.6', '7'],
  },
  {
    name: 'commonjs + node10',
    options: { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true },
    type: 'commonjs',
    versions: ['5.6'],
  },
  {
    name: 'commonjs + bundler',
    options: { module: 'commonjs', moduleResolution: 'bundler', esModuleInterop: true },
    type: 'commonjs',
    versions: ['7'],
  },
  {
    name: 'esnext + bundler',
    options: { module: 'esnext', moduleResolution: 'bundler' },
    type: 'module',
    versions: ['5.6', '7'],
  },
];

/** The types with which the programs are compiled. */
const types = [
  '@types/node@20',
  '@types/express-session',
  '@types/cookie-parser',
  '@types/express',
];

function compiled({ name, options, type }: Mode, version: string): Case {
  const sources = type === 'commonjs' ? ['consumer.ts', 'consumer-require.cts'] : ['consumer.ts'];
  const programs = sources.map((source) => `out/${source.replace(/ts$/, 'js')}`);
  // Bundlers' modes take `import x = require()` in no file.
  const isPlain = 'moduleResolution' in options;
  const files = isPlain ? ['consumer.ts'] : sources;
  return {
    group: 'TypeScript',
    name,
    packages: [`typescript@${version}`, ...types],
    shown: ['typescript', '@types/express-session'],
    isCompiled: true,
    files: {
      'package.json': { private: true, type },
      'tsconfig.json': {
        compilerOptions: {
          ...options,
          strict: true,
          exactOptionalPropertyTypes: true,
          target: 'es2022',
          types: ['node'],
          outDir: 'out',
          rootDir: '.',
        },
        files,
      },
    },
    commands: [
      ['node_modules/typescript/bin/tsc', '--pretty', 'false'],
      ...programs.slice(0, files.length).map((program) => [program]),
    ],
  };
}

const compilers: readonly Case[] = [
  ...modes.flatMap((mode) => mode.versions.map((version) => compiled(mode, version))),
  ...['1.17.1', '1.17.4', '1.18.0'].map((version): Case => {
    const [mode] = modes as [Mode];
    const one = compiled(mode, '7');
    return {
      ...one,
      name: 'older @types/express-session',
      packages: [...(one.packages ?? []), `@types/express-session@${version}`],
    };
  }),
];

/** What a bundle of ESM needs, for the packages in it that require modules of Node.js. */
const banner =
  "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
const esbuild = ['node_modules/esbuild/bin/esbuild', '--bundle', '--log-level=warning'];

const bundles: readonly Case[] = [
  {
    name: 'server, CommonJS',
    commands: [
      [...esbuild, 'bundled.mjs', '--platform=node', '--outfile=alone/server.cjs'],
      ['alone/server.cjs'],
    ],
  },
  {
    name: 'server, ESM',
    commands: [
      [
        ...esbuild,
        'bundled.mjs',
        '--platform=node',
        '--format=esm',
        banner,
        '--outfile=alone/server.mjs',
      ],
      ['alone/server.mjs'],
    ],
  },
  {
    name: 'page',
    commands: [
      [
        ...esbuild,
        'page.mjs',
        '--format=esm',
        '--metafile=alone/meta.json',
        '--outfile=alone/page.js',
      ],
      ['page-check.cjs'],
    ],
  },
].map((one) => ({ ...one, group: 'Bundle', packages: ['esbuild'], shown: ['esbuild'] }));

export const cases: readonly Case[] = [
  ...nodes,
  ...peers,
  ...databases,
  ...compilers,
  ...frameworks,
  ...bundles,
];
