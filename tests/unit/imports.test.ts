/**
 * @module The import rules of `source/`, which DESIGN.md sets under "Modules".
 */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';

const source = join(import.meta.dirname, '../../source');

interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }));

function importsOf(text: string): Import[] {
  const pattern = /^(?:import|export) (type )?(?:[^'"]*? from )?'([^']+)';$/gms;
  return [...text.matchAll(pattern)].map(([, type, specifier = '']) => ({
    specifier,
    isTypeOnly: type !== undefined,
  }));
}

/** The files that a file imports, as paths within `source/`. */
function importedFiles({ name, text }: { name: string; text: string }): string[] {
  return importsOf(text)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => relative(source, join(source, dirname(name), specifier)))
    .map((path) => path.replace(/\.js$/, '.ts'));
}

function isIn(folder: string): (path: string) => boolean {
  return (path) => path.startsWith(`${folder}/`);
}

/** Whether a file belongs to an entry point that uses the library as an application does. */
function usesLibrary(path: string): boolean {
  return isIn('socket.io-sessions')(path) || isIn('testing')(path);
}

describe('The imports of the library', () => {
  it('follow a `@module` comment at the top of each file', () => {
    for (const { name, text } of files) expect(text, name).to.match(/^\/\*\*\n \* @module /);
  });

  it('run one way: from sockets to session and handshake, which do not import each other', () => {
    for (const file of files) {
      const imported = importedFiles(file);
      if (isIn('handshake')(file.name)) {
        expect(imported.filter(isIn('session')), file.name).to.deep.equal([]);
        expect(imported.filter(isIn('sockets')), file.name).to.deep.equal([]);
      }
      if (isIn('session')(file.name)) {
        expect(imported.filter(isIn('handshake')), file.name).to.deep.equal([]);
        expect(imported.filter(isIn('sockets')), file.name).to.deep.equal([]);
      }
    }
  });

  it('reach the facade only from `index.ts`, `enable` and the test server, and `index.ts` from nowhere', () => {
    for (const file of files) {
      const imported = importedFiles(file);
      expect(imported, file.name).not.to.include('index.ts');
      if (file.name !== 'index.ts' && !usesLibrary(file.name)) {
        expect(imported, file.name).not.to.include('expression-socket.ts');
      }
    }
  });

  it('lead from `enable` and the test server to the library, and not back', () => {
    for (const file of files) {
      if (usesLibrary(file.name)) continue;
      expect(importedFiles(file).filter(usesLibrary), file.name).to.deep.equal([]);
    }
  });

  it('are types only in the client script, which is served alone and exports one function', () => {
    const { text = '' } = files.find(({ name }) => name.endsWith('/session-client.ts')) ?? {};
    expect(importsOf(text).every(({ isTypeOnly }) => isTypeOnly)).to.equal(true);
    expect(text.match(/^export (?!type|interface)/gm)).to.have.length(1);
    expect(text).to.match(/^export function sessionClient/m);
  });

  it('have no circle', () => {
    const graph = new Map(files.map((file) => [file.name, importedFiles(file)]));
    const done = new Set<string>();
    const visit = (name: string, path: readonly string[]): void => {
      expect(path, [...path, name].join(' -> ')).not.to.include(name);
      if (done.has(name)) return;
      for (const imported of graph.get(name) ?? []) visit(imported, [...path, name]);
      done.add(name);
    };
    for (const name of graph.keys()) visit(name, []);
  });

  it('take only types from Socket.IO and express-session, except in the test server', () => {
    for (const { name, text } of files) {
      if (isIn('testing')(name)) continue;
      for (const { specifier, isTypeOnly } of importsOf(text)) {
        if (specifier === 'socket.io' || specifier === 'express-session') {
          expect(isTypeOnly, `${name} imports ${specifier}`).to.equal(true);
        }
      }
    }
  });
});
