import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { findMutants } from './mutants.js';
import { namedFiles, testsOf } from './subjects.js';

const root = join(import.meta.dirname, '../..');

/** The source files that can be changed, without their extension. */
function mutableFiles(): string[] {
  const source = join(root, 'source');
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .filter((path) => findMutants(path, readFileSync(join(source, path), 'utf8')).length > 0)
    .map((path) => path.slice(0, -'.ts'.length));
}

describe('testsOf()', () => {
  it('knows tests of each source file', () => {
    expect(mutableFiles().filter((name) => testsOf(root, name).length === 0)).to.deep.equal([]);
  });

  it('knows tests in which the limits of what waits are reached, for the size of data', () => {
    const tests = testsOf(root, 'data-size');
    expect(tests[0]).to.equal('tests/unit/data-size.test.ts');
    expect(tests).to.include.members([
      'tests/unit/pending-events.test.ts',
      'tests/integration/saving/overload.test.ts',
    ]);
  });

  it('names only files that exist', () => {
    const missing = namedFiles.filter((name) => !existsSync(join(root, `source/${name}.ts`)));
    expect(missing).to.deep.equal([]);
  });
});
