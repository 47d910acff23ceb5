/**
 * @module The two module formats of the package as it is built: the same names in both, and one copy
 * of everything behind them.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript-5.6';

const root = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The entries that are code, such as `./redis`, with their conditions. */
const entries: readonly [string, Record<'import' | 'require', { types: string }>][] =
  Object.entries<Record<'import' | 'require', { types: string }>>(manifest.exports).filter(
    ([, target]) => typeof target !== 'string',
  );

/** Runs a program beside the sources, where it finds the package by its name; returns what it prints. */
function run(program: string, type: 'commonjs' | 'module'): unknown {
  // Without the options of these tests, which bring a loader along and turn `require` of ESM off.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const args = [`--input-type=${type}`, '--eval', program];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' }));
}

describe('The formats of the package', function () {
  this.timeout(300_000);

  for (const [path] of entries) {
    const name = join(manifest.name, path);
    // The client has no state, and each format of it goes with that of Socket.IO's own client.
    if (path === './client') continue;
    it(`have one copy of everything in \`${name}\``, () => {
      const program = `
        import { createRequire } from 'node:module';
        import * as imported from '${name}';
        const required = createRequire(process.cwd() + '/')('${name}');
        console.log(JSON.stringify(Object.entries(imported).filter(([name, value]) =>
          name !== 'default' && name !== 'module.exports' && value !== required[name])));`;
      expect(run(program, 'module')).to.deep.equal([]);
    });
  }

  it('are both declared with the same names', () => {
    const declared = declaredNames(
      entries.flatMap(([, { import: esm, require: cjs }]) => [esm.types, cjs.types]),
    );
    for (const [path, { import: esm, require: cjs }] of entries) {
      const names = declared.get(esm.types);
      expect(names, path).not.to.be.empty;
      // The members of a class, which `require` returns, include its prototype.
      const others = declared.get(cjs.types)?.filter((name) => name !== 'prototype');
      expect(others, path).to.deep.equal(names);
    }
  });

  it('are found by compilers that know no exports map', () => {
    const expected = entries
      .filter(([path]) => path !== '.')
      .map(([path, target]) => [path.slice(2), [target.require.types]]);
    expect(Object.entries(manifest.typesVersions['*'])).to.deep.equal(expected);
  });

  it('load nothing but the library itself and debug', () => {
    const program = `
      require('${manifest.name}'); require('${manifest.name}/redis');
      console.log(JSON.stringify(Object.keys(require.cache)));`;
    const foreign = (run(program, 'commonjs') as string[])
      .filter((path) => path.includes('node_modules'))
      .map((path) => path.replace(/^.*node_modules\/([^/]+).*$/, '$1'));
    expect(new Set(foreign)).to.deep.equal(new Set(['debug', 'has-flag', 'ms', 'supports-color']));
  });
});

/** The names that each declaration file exports, in their order. */
function declaredNames(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const pathOf = (file: string): string => join(root, file);
  const program = ts.createProgram(files.map(pathOf), {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    skipLibCheck: true,
    types: ['node'],
  });
  const checker = program.getTypeChecker();
  return new Map(
    files.map((file) => {
      const source = program.getSourceFile(pathOf(file));
      const symbol = source && checker.getSymbolAtLocation(source);
      const exported = symbol ? checker.getExportsOfModule(symbol) : [];
      return [file, exported.map(({ name }) => name).sort()];
    }),
  );
}
