/**
 * @module The tests on the page about testing, run as tests.
 */

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { page, root } from './markdown.js';

/** The listeners that the page takes for granted. */
const listeners = `
export function registerVotes(expressionIO) {
  expressionIO.sockets.on('connection', (err, session, socket) => {
    socket.sessOn('vote', async (err, session, option, ack) => {
      if (err) return ack(err.code);
      session.vote = option;
      await session.save();
      ack('counted');
    });
  });
}
`;

describe('The tests of docs/testing.md', () => {
  let folder: string;

  before(() => {
    mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
    folder = mkdtempSync(join(root, 'node_modules/.cache/docs-'));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/expression.socket.io'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'votes.js'), listeners);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a program of the page with Node.js; tells what it printed. */
  async function run(index: number, ...flags: string[]): Promise<string> {
    const { code = '' } = page('docs/testing.md').snippets[index] ?? {};
    writeFileSync(
      join(folder, 'program.js'),
      `import { registerVotes } from './votes.js';\n${code}`,
    );
    // Without `NODE_OPTIONS`, which would bring the loader of the tests along.
    const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, 'program.js'], {
      cwd: folder,
      env,
    });
    return stdout;
  }

  it('pass', async () => {
    expect(await run(0, '--test', '--test-reporter=tap')).to.match(/^# pass 2$/m);
  });

  it('see the error of a store that fails', async () => {
    expect(await run(1)).to.equal('ERR_SESSION_STORE\n');
  });
});
