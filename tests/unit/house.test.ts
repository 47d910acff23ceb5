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

  it('has one door: only `index.ts` and `enable` import the facade, and nothing imports `index.ts`', () => {
    for (const file of files) {
      const rooms = roomsOf(file);
      expect(rooms, file.name).not.to.include('index.ts');
      if (file.name !== 'index.ts' && !isIn('socket.io-sessions')(file.name)) {
        expect(rooms, file.name).not.to.include('expression-socket.ts');
      }
    }
  });

  it('has `enable` in an annexe: it may know the house, and the house does not know it', () => {
    for (const file of files) {
      if (isIn('socket.io-sessions')(file.name)) continue;
      expect(roomsOf(file).filter(isIn('socket.io-sessions')), file.name).to.deep.equal([]);
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

  it('imports Socket.IO and express-session for their types only', () => {
    for (const { name, text } of files) {
      for (const { specifier, isTypeOnly } of importsOf(text)) {
        if (specifier === 'socket.io' || specifier === 'express-session') {
          expect(isTypeOnly, `${name} imports ${specifier}`).to.equal(true);
        }
      }
    }
  });
});
