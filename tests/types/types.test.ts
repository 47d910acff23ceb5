/**
 * @module Runs the type tests, `*.test-d.ts`: they hold where they compile, for whatever must not
 * compile is marked with `@ts-expect-error`, which is an error of its own where nothing is wrong.
 */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

/** What a compiler has to say about a project. */
interface Verdict {
  readonly exitCode: number;
  readonly output: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs a compiler, installed under a name of its own, on a project of these tests. */
function compile(compiler: string, project: string): Promise<Verdict> {
  const args = [`node_modules/${compiler}/bin/tsc`, '--pretty', 'false', '--project', project];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: root }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') return reject(error);
      resolve({ exitCode: Number(error?.code ?? 0), output: `${stdout}${stderr}` });
    });
  });
}

describe('the types', () => {
  it('hold in TypeScript 7', async function () {
    this.timeout(300_000);
    const { exitCode, output } = await compile('typescript', 'tests/types');
    expect(exitCode, output).to.equal(0);
  });

  it('hold in TypeScript 5.6', async function () {
    this.timeout(300_000);
    const { exitCode, output } = await compile('typescript-5.6', 'tests/types');
    expect(exitCode, output).to.equal(0);
  });

  it('hold in programs without `strict`', async function () {
    this.timeout(300_000);
    // The sources are part of the program, and hold with `strict` only.
    const { output } = await compile('typescript', 'tests/types/loose');
    expect(output.split('\n').filter((line) => line.startsWith('tests/'))).to.deep.equal([]);
  });

  describe('as they are built', () => {
    for (const compiler of ['typescript', 'typescript-5.6']) {
      it(`have no error of their own in ${compiler}, though libraries are checked`, async function () {
        this.timeout(300_000);
        expect(existsSync(`${root}dist/esm/index.d.ts`), '`npm run build` comes first').to.equal(
          true,
        );
        const { output } = await compile(compiler, 'tests/types/built');
        // Engine.IO's own do not compile in TypeScript 5.6, for which Node.js has other types.
        const ours = output.split('\n').filter((line) => /^dist\/|^error/.test(line));
        expect(ours.join('\n')).to.equal('');
      });
    }
  });
});
