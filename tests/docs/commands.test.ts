/**
 * @module The commands of the documentation: scripts and files that they name exist.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { pages, root } from './markdown.js';

interface Manifest {
  readonly name: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const manifest: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { name, scripts, dependencies, devDependencies, peerDependencies } = manifest;
const packages = { [name]: '', ...dependencies, ...devDependencies, ...peerDependencies };

/** Files that the documentation tells the reader to write. */
const written = ['server.js'];

/** What is wrong with a command. */
function problemWith(command: string): string | undefined {
  const words = command.replace(/\s+#.*$/, '').split(/\s+/);
  // What comes before is the environment.
  const start = words.findIndex((word) => !word.includes('='));
  const [program = '', ...args] = words.slice(start);
  const plain = args.filter((arg) => !arg.startsWith('-'));
  if (program === 'npm') return problemWithNpm(plain);
  if (program === 'npx' && args[0] === 'mocha') return undefined;
  if (program !== 'npx' && program !== 'node') return `unknown program ${program}`;
  const files = plain.filter((arg) => /\.[cm]?[jt]s$/.test(arg) && !written.includes(arg));
  const missing = files.filter((file) => !existsSync(join(root, file)));
  return missing.length > 0 ? `no file ${missing.join()}` : undefined;
}

function problemWithNpm([command = '', ...args]: readonly string[]): string | undefined {
  if (['ci', 'init', 'pkg', 'version', 'publish', 'uninstall'].includes(command)) return undefined;
  if (command === 'install' || command === 'i') {
    const unknown = args.filter((arg) => !Object.hasOwn(packages, arg));
    return unknown.length > 0 ? `unknown package ${unknown.join()}` : undefined;
  }
  const script = command === 'run' ? args[0] : command;
  return script && Object.hasOwn(scripts, script) ? undefined : `no script ${script}`;
}

describe('The commands of the documentation', () => {
  for (const { path, snippets } of pages) {
    const shells = snippets.filter(({ info }) => info === 'sh');
    if (shells.length === 0) continue;
    it(`exist in ${path}`, () => {
      for (const { code, line } of shells) {
        for (const command of code.split(/\n|&&/).map((part) => part.trim())) {
          if (command === '' || command.startsWith('#')) continue;
          expect(problemWith(command), `${path}:${line}: ${command}`).to.equal(undefined);
        }
      }
    });
  }

  it('are checked: a missing script, file and package are found', () => {
    expect(problemWith('PORT=1 npm run nothing')).to.equal('no script nothing');
    expect(problemWith('npx tsx examples/nothing.ts  # tries it')).to.include('no file');
    expect(problemWith('npm install express nothing')).to.equal('unknown package nothing');
  });
});
