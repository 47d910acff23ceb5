/**
 * @module The map and the numbered steps of CONTRIBUTING.md, held against the source.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';
import { page, root, section } from './markdown.js';

const source = join(root, 'source');
const contributing = page('CONTRIBUTING.md');

/** The text of each source file, by its path within `source/`. */
const files = new Map(
  readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[cm]?ts$/.test(name))
    .map((name) => [name, readFileSync(join(source, name), 'utf8')]),
);

/** What every module may import: it is on the map once for all. */
const shared = /^[\w.-]+\.ts$|^types\//;

/** The part of the map that a file is in: its folder, or itself at the top. */
function partOf(file: string): string {
  return file.includes('/') ? (file.split('/', 1)[0] ?? file) : file;
}

/** The files that a file imports, also for their types. */
function importsOf(file: string): string[] {
  const text = files.get(file) ?? '';
  return [...text.matchAll(/ from '(\.[^']+)'/g)].map(([, specifier = '']) =>
    relative(source, join(source, dirname(file), specifier)).replace(/\.js$/, '.ts'),
  );
}

/** A step: the file that it is in, and what is called there. */
interface Step {
  readonly file: string;
  readonly name: string;
  /** Whether another package stands between it and the step before. */
  readonly isIndirect: boolean;
}

/** The lists of steps below a heading. */
function stepsOf(heading: string): Step[][] {
  const lists: Step[][] = [];
  for (const line of section(contributing, heading).split('\n')) {
    const [, number, file = '', name = '', text = ''] =
      /^(\d+)\. `([^`]+)`, `([^`]+)`: (.*)/.exec(line) ?? [];
    if (number === undefined) continue;
    if (number === '1') lists.push([]);
    lists.at(-1)?.push({ file, name, isIndirect: text.startsWith('express-session') });
  }
  return lists;
}

/** Whether a step leads to the next one: it calls that name, and one of the files imports the other. */
function leadsTo(from: Step, to: Step): boolean {
  if (from.file === to.file) return true;
  const text = files.get(from.file) ?? '';
  const isCalled = new RegExp(`\\b${to.name}\\??\\.?\\(`).test(text);
  const isKnown = importsOf(from.file).includes(to.file) || importsOf(to.file).includes(from.file);
  return isKnown && (isCalled || to.isIndirect);
}

describe('CONTRIBUTING.md', () => {
  const map = contributing.snippets.find(({ info }) => info === 'mermaid')?.code ?? '';
  const arrows = [...map.matchAll(/^\s*(\S+) --> (\S+)$/gm)].map(
    ([, from, to]) => `${from} --> ${to}`,
  );

  it('shows each import between the parts of the source, and no other', () => {
    const found = new Set<string>();
    const drawn = new Set(arrows.flatMap((arrow) => arrow.split(' --> ')));
    for (const file of files.keys()) {
      for (const imported of importsOf(file)) {
        const [from, to] = [partOf(file), partOf(imported)];
        if (from === to || (shared.test(imported) && !drawn.has(to))) continue;
        if (drawn.has(from) || file.includes('/')) found.add(`${from} --> ${to}`);
      }
    }
    expect(arrows).to.have.members([...found]);
  });

  for (const heading of [
    'An event',
    'A save',
    'A write of an HTTP handler',
    'A logout',
    'A handshake',
  ]) {
    it(`follows the way of "${heading}" through files that exist and lead to each other`, () => {
      const lists = stepsOf(heading);
      expect(lists).to.not.have.length(0);
      for (const steps of lists) {
        for (const [index, step] of steps.entries()) {
          const text = files.get(step.file);
          expect(text, `${step.file} exists`).to.be.a('string');
          expect(text, `${step.file} has ${step.name}`).to.match(new RegExp(`\\b${step.name}\\b`));
          const before = steps[index - 1];
          if (before) {
            const leads = leadsTo(before, step);
            expect(leads, `${before.file} leads to ${step.file}, ${step.name}`).to.equal(true);
          }
        }
      }
    });
  }

  it('is checked: a step that does not follow is found', () => {
    const step = (file: string, name: string): Step => ({ file, name, isIndirect: false });
    const from = step('session/engine.ts', 'read');
    expect(leadsTo(from, step('session/reader.ts', 'read'))).to.equal(true);
    expect(leadsTo(from, step('session/reader.ts', 'admit'))).to.equal(false);
  });

  for (const folder of ['session', 'sockets']) {
    it(`names each file of \`source/${folder}/\` once, in its table`, () => {
      const table = contributing.text.split(`| \`source/${folder}/\` | for |`, 2)[1] ?? '';
      const rows = table.split('\n\n', 1)[0] ?? '';
      const named = [...rows.matchAll(/`([\w-]+\.ts)`/g)].map(([, name]) => `${folder}/${name}`);
      expect(named).to.have.members([...files.keys()].filter((file) => partOf(file) === folder));
    });
  }

  it('names folders that exist', () => {
    for (const [, folder = ''] of contributing.text.matchAll(/^\| `((?:tests|source)\/[^`]+)`/gm)) {
      expect(existsSync(join(root, folder)), folder).to.equal(true);
    }
  });
});
