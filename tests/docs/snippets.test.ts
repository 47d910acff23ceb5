/**
 * @module The code of the documentation compiles, against the library as it is built.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { pages, root, type Snippet } from './markdown.js';

const folder = join(import.meta.dirname, '.snippets');

/** The names that `context.ts` exports. */
const given: readonly string[] = [
  ...readFileSync(join(import.meta.dirname, 'context.ts'), 'utf8').matchAll(
    /^export (?:declare )?(?:const|function|\{) ?([\w, ]+)/gm,
  ),
].flatMap(([, names = '']) => names.split(',').map((name) => name.trim()));

const options = {
  target: 'es2023',
  lib: ['es2023', 'dom', 'esnext.disposable'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  // Readers of JavaScript write no types.
  noImplicitAny: false,
  skipLibCheck: true,
  noEmit: true,
};

/** What sessions hold on the pages; here only, since other tests have other sessions. */
const sessionData = `
import 'express-session';
declare module 'express-session' {
  interface SessionData {
    cart: string[];
    clicks: number;
    last: unknown;
    passport: { user?: string };
    user: { name: string; id?: number };
    visits: number;
    vote: string;
    votes: number;
  }
}
declare global {
  namespace Express {
    interface User {
      name: string;
    }
  }
}
`;

/** Whether a snippet is for the compiler; what is marked as `before` is the code of other packages. */
function isCompiled({ info }: Snippet): boolean {
  return info === 'js' || info === 'ts';
}

/** The snippet as a module, its lines at their places on the page. */
function moduleOf({ code, line }: Snippet): string {
  const missing = given.filter((name) => !declares(code, name));
  return `import { ${missing.join(', ')} } from '../context.js';${'\n'.repeat(line - 1)}${code}\n`;
}

function declares(code: string, name: string): boolean {
  const declaration = new RegExp(
    `^(?:export )?(?:const|let|class|(?:async )?function) ${name}\\b`,
    'm',
  );
  const required = new RegExp(`^const \\{[^}]*\\b${name}\\b[^}]*\\} = `, 'm');
  const imported = new RegExp(`^import [^']*\\b${name}\\b[^']* from '`, 'm');
  return declaration.test(code) || required.test(code) || imported.test(code);
}

/** Compiles snippets; tells the errors with their pages. */
function compile(snippets: readonly Snippet[]): string[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const names = snippets.map((snippet, index) => {
    const name = `${index}-${snippet.page.replaceAll('/', '-')}.ts`;
    writeFileSync(join(folder, name), moduleOf(snippet));
    return name;
  });
  writeFileSync(join(folder, 'session-data.ts'), sessionData);
  const config = { compilerOptions: options, files: ['session-data.ts', ...names] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [compiler, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('The code of the documentation', function () {
  this.timeout(60_000);

  const snippets = pages.flatMap((page) => page.snippets).filter(isCompiled);
  /** Compiled with the others, to see that mistakes are found. */
  const wrong = { page: 'wrong', line: 7, info: 'js', code: 'expressionIO.sockets.onn();' };
  let errors: readonly string[];

  before(() => {
    expect(existsSync(join(root, 'dist')), '`npm run build` comes first').to.equal(true);
    errors = compile([...snippets, wrong]);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('compiles', () => {
    expect(snippets).to.have.length.above(40);
    expect(errors.filter((error) => !error.includes('-wrong.ts')).join('\n')).to.equal('');
  });

  it('is checked: a method that does not exist is found', () => {
    expect(errors.find((error) => error.includes('-wrong.ts'))).to.match(/\(7,\d+\).*onn/);
  });
});
