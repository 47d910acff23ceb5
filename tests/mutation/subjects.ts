/**
 * @module Which tests cover a source file. Those that name it come first, then those of its subject:
 * the sooner a mutant is noticed, the more of them can be tried.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The folders of `tests/integration` that cover a folder of `source`, the nearest first. */
const foldersOf: Readonly<Record<string, readonly string[]>> = {
  session: ['saving', 'events', 'lifecycle', 'http'],
  sockets: ['events', 'transparency', 'lifecycle', 'recovery', 'namespaces'],
  handshake: ['handshake'],
  database: ['redis', 'postgres'],
  redis: ['redis'],
  postgres: ['postgres'],
  'socket.io-sessions': ['enable'],
  testing: ['testing'],
};

/** Further folders, and the order, where a file has another subject than the rest of its folder. */
const otherFoldersOf: Readonly<Record<string, readonly string[]>> = {
  assertions: ['transparency'],
  compose: ['handshake', 'lifecycle', 'namespaces'],
  'cookie-expiry': ['lifecycle', 'redis'],
  'data-size': ['events', 'saving', 'recovery'],
  deadlines: ['events', 'handshake'],
  diagnostics: ['events', 'handshake'],
  'error-reporter': ['events', 'handshake', 'saving'],
  errors: ['events', 'handshake'],
  'expiring-map': ['handshake', 'lifecycle'],
  'expression-socket': ['namespaces', 'lifecycle', 'http', 'handshake'],
  'handshake/engines': ['handshake', 'enable'],
  'handshake/origin-policy': ['handshake', 'enable'],
  'keyed-queue': ['saving', 'enable'],
  'session/active-writes': ['lifecycle', 'saving', 'http'],
  'session/engine': ['saving', 'events', 'lifecycle', 'http', 'handshake'],
  'session/expiry-watch': ['lifecycle', 'saving'],
  'session/hooked-method': ['http', 'lifecycle', 'saving'],
  'session/http-writes': ['http', 'saving', 'lifecycle'],
  'session/live-session': ['lifecycle', 'saving'],
  'session/live-sessions': ['lifecycle', 'http', 'saving'],
  'session/reader': ['events', 'saving'],
  'session/record-cache': ['events', 'saving'],
  'session/regenerations': ['lifecycle', 'http'],
  'session/store-hooks': ['lifecycle', 'http', 'saving'],
  'session/touches': ['lifecycle', 'http', 'saving'],
  'session/write': ['lifecycle', 'saving', 'http'],
  'sockets/admission': ['handshake', 'events', 'recovery', 'lifecycle', 'namespaces'],
  'sockets/authorization': ['handshake', 'recovery'],
  'sockets/cluster-bus': ['lifecycle', 'http'],
  'sockets/event-buffer': ['recovery', 'events'],
  'sockets/listener-calls': ['events', 'handshake', 'saving', 'recovery'],
  'sockets/membership': ['lifecycle', 'recovery', 'events'],
  'sockets/pending-events': ['events', 'recovery'],
  'sockets/session-namespace': ['namespaces', 'events', 'handshake', 'recovery', 'lifecycle'],
  'sockets/session-rooms': ['transparency', 'lifecycle', 'recovery'],
  'sockets/socket-context': ['events', 'handshake', 'saving', 'recovery'],
  'sockets/socket-controller': ['events', 'handshake', 'saving', 'recovery', 'namespaces'],
  'sockets/socket-reader': ['handshake', 'events', 'namespaces', 'recovery'],
  'sockets/stand-ins': ['transparency'],
  'store-error': ['events', 'saving'],
};

/** The unit tests of those that use a file, where they test the file, too. */
const unitTestsOfUsers: Readonly<Record<string, readonly string[]>> = {
  'data-size': ['pending-events', 'event-buffer', 'waiting-changes'],
};

/** The source files that are named here. */
export const namedFiles: readonly string[] = Object.keys({
  ...otherFoldersOf,
  ...unitTestsOfUsers,
});

/** Tests that take long, by many schedules or by other processes and servers. */
const tooSlow =
  /^expiry\.|schedules|processes|hostile-values|two-nodes|session-end-login-slow|-fuzz|frameworks/;

/**
 * The test files that cover a source file, in the order in which they are to be run.
 *
 * @param name the file's path within `source`, without its extension
 */
export function testsOf(root: string, name: string): string[] {
  const [folder = ''] = name.split('/');
  const integration = (otherFoldersOf[name] ?? foldersOf[folder] ?? []).flatMap((subject) =>
    testsIn(root, join('tests/integration', subject)),
  );
  const isNamed = (test: string): boolean => basename(test).startsWith(basename(name));
  const all = [...unitTestsOf(root, name), ...integration];
  return [...all.filter(isNamed), ...all.filter((test) => !isNamed(test))];
}

/** The unit tests that import a file, or what tests have to support it. */
function unitTestsOf(root: string, name: string): string[] {
  const imported = [`/source/${name}.js'`, `/support/${basename(name)}.js'`];
  const users = unitTestsOfUsers[name] ?? [];
  // With it, tests use all of this folder.
  if (name.startsWith('session/')) imported.push("/support/engine.js'");
  return testsIn(root, 'tests/unit').filter((test) => {
    if (users.includes(basename(test, '.test.ts'))) return true;
    const text = readFileSync(join(root, test), 'utf8');
    return imported.some((path) => text.includes(path));
  });
}

function testsIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.test.ts') && !tooSlow.test(name))
    .sort()
    .map((name) => join(folder, name));
}
