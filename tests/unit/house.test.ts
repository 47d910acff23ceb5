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
function roomsOf({ name, text }: { name: string; text: string }): string[] {
  return importsOf(text)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => relative(source, join(source, dirname(name), specifier)))
    .map((path) => path.replace(/\.js$/, '.ts'));
}

function isIn(folder: string): (path: string) => boolean {
  return (path) => path.startsWith(`${folder}/`);
}

/** Whether a file is of a further entry that is built on the library. */
function isAnnexe(path: string): boolean {
  return isIn('socket.io-sessions')(path) || isIn('testing')(path);
}

describe('The house', () => {
  it('opens each file with a sentence about what it knows', () => {
    for (const { name, text } of files) expect(text, name).to.match(/^\/\*\*\n \* @module /);
  });

  it('lets data run one way: handshake -> session -> sockets', () => {
    for (const file of files) {
      const rooms = roomsOf(file);
      if (isIn('handshake')(file.name)) {
        expect(rooms.filter(isIn('session')), file.name).to.deep.equal([]);
        expect(rooms.filter(isIn('sockets')), file.name).to.deep.equal([]);
      }
      if (isIn('session')(file.name)) {
        expect(rooms.filter(isIn('handshake')), file.name).to.deep.equal([]);
        expect(rooms.filter(isIn('sockets')), file.name).to.deep.equal([]);
      }
    }
  });

  it('has one door: only `index.ts`, `enable` and the test server import the facade, and nothing imports `index.ts`', () => {
    for (const file of files) {
      const rooms = roomsOf(file);
      expect(rooms, file.name).not.to.include('index.ts');
      if (file.name !== 'index.ts' && !isAnnexe(file.name)) {
        expect(rooms, file.name).not.to.include('expression-socket.ts');
      }
    }
  });

  it('has `enable` and the test server beside it: they import the library, which imports neither', () => {
    for (const file of files) {
      if (isAnnexe(file.name)) continue;
      expect(roomsOf(file).filter(isAnnexe), file.name).to.deep.equal([]);
    }
  });

  it('serves pages a session client that stands alone: it imports types, and exports once', () => {
    const { text = '' } = files.find(({ name }) => name.endsWith('/session-client.ts')) ?? {};
    expect(importsOf(text).every(({ isTypeOnly }) => isTypeOnly)).to.equal(true);
    expect(text.match(/^export (?!type|interface)/gm)).to.have.length(1);
    expect(text).to.match(/^export function sessionClient/m);
  });

  it('has no circle of imports', () => {
    const graph = new Map(files.map((file) => [file.name, roomsOf(file)]));
    const done = new Set<string>();
    const visit = (name: string, path: readonly string[]): void => {
      expect(path, [...path, name].join(' -> ')).not.to.include(name);
      if (done.has(name)) return;
      for (const room of graph.get(name) ?? []) visit(room, [...path, name]);
      done.add(name);
    };
    for (const name of graph.keys()) visit(name, []);
  });

  it('imports Socket.IO and express-session for their types only, but for the test server', () => {
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
