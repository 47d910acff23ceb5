/**
 * @module Builds the package. CommonJS is the one implementation, so that an application that both
 * imports and requires the library has one copy of its state; `import` gets thin ESM wrappers. Only
 * the client, which has no state, is built twice: bundlers want ESM, with the ESM of Socket.IO's.
 */

import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

/** Where a condition of the exports map leads to. */
interface Target {
  readonly types: string;
  readonly default: string;
}

/** An entry of the exports map that is code. */
interface Entry {
  readonly import: Target;
  readonly require: Target;
}

const manifest: { readonly exports: Readonly<Record<string, Entry | string>> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

rmSync(join(root, 'dist'), { recursive: true, force: true });
compile('source');
compile('source/socket.io-sessions/client');
write('dist/cjs/package.json', '{ "type": "commonjs" }\n');
copyFileSync(join(root, 'source/require.cjs'), join(root, 'dist/cjs/require.cjs'));
declareMembers();
declareTesting();
embedClientText();
for (const entry of Object.values(manifest.exports)) {
  if (typeof entry !== 'string') wrap(entry.import);
}

function compile(project: string): void {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [compiler, '--project', project], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}

/** Writes the ESM wrapper of a CommonJS module, unless the compiler has made real ESM of it. */
function wrap({ types, default: path }: Target): void {
  if (existsSync(join(root, path))) return;
  const implementation = path.replace('/esm/', '/cjs/');
  let specifier = relative(dirname(path), implementation);
  if (!specifier.startsWith('.')) specifier = `./${specifier}`;

  const { default: byDefault, ...members } = require(join(root, implementation));
  const names = Object.keys(members).sort();
  const exported = names.map((name) =>
    members[name] === byDefault ? `${name}, ${name} as default` : name,
  );
  write(path, `export { ${exported.join(', ')} } from '${specifier}';\n`);

  const defaultName = names.find((name) => members[name] === byDefault);
  const declarations = [`export * from '${specifier}';`];
  if (defaultName) {
    declarations.push(`export { ${defaultName} as default } from '${specifier}';`);
  }
  if (!existsSync(join(root, types))) write(types, `${declarations.join('\n')}\n`);
}

/** Declares the exports of `index.ts` as members of the class that `require` returns. */
function declareMembers(): void {
  const index = readFileSync(join(root, 'dist/cjs/index.d.ts'), 'utf8');
  const names = [...index.matchAll(/^export (?:type )?\{([^}]+)\}/gm)]
    .flatMap(([, list = '']) => list.split(','))
    .map((name) => name.replace(/\btype /, '').trim())
    .filter((name) => name !== '' && !/^ExpressionSocket\b/.test(name))
    .join(', ');
  const declaration = readFileSync(join(root, 'source/require.d.cts'), 'utf8');
  // The class of `index.ts` and not the one that extends it, because the other entries name that one.
  const members = `
import { ExpressionSocket as Class, ${names} } from './index.js';

declare namespace ExpressionSocket {
  export { Class as ExpressionSocket, Class as default, ${names} };
}
`;
  write('dist/cjs/require.d.cts', declaration + members);
}

/**
 * Declares the test server for ESM as well. It takes and returns clients of Socket.IO, whose classes are
 * not the same type in ESM and in CommonJS.
 */
function declareTesting(): void {
  const folder = join(root, 'dist/cjs/testing');
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.d.ts'))) {
    const declaration = readFileSync(join(folder, name), 'utf8');
    write(`dist/esm/testing/${name}`, declaration.replaceAll("from '../", "from '../../cjs/"));
  }
}

/** Embeds the text of the session client in the server, so that bundles of it need no file. */
function embedClientText(): void {
  const folder = 'dist/cjs/socket.io-sessions';
  const text = readFileSync(join(root, folder, 'client/session-client.js'), 'utf8');
  write(
    `${folder}/client-text.cjs`,
    `'use strict';\n\nmodule.exports = () =>\n  ${JSON.stringify(text)};\n`,
  );
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
