/**
 * @module A copy of the library and its tests, in which a source file can be changed and the tests be
 * run, without a trace in the library itself.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const copied = ['source', 'tests', 'examples', 'scripts', 'package.json', 'tsconfig.json'];
const linked = ['node_modules', 'dist'];

/** How a run of the tests ended. */
export interface Outcome {
  readonly result: 'passed' | 'failed' | 'hung';
  readonly milliseconds: number;
  readonly output: string;
}

/** The copy; `remove()` deletes it. */
export class Workspace {
  readonly path: string = mkdtempSync(join(tmpdir(), 'expression.socket.io-mutation-'));

  constructor() {
    for (const name of [...copied, '.mocharc.json']) {
      cpSync(join(root, name), join(this.path, name), { recursive: true });
    }
    for (const name of linked) symlinkSync(join(root, name), join(this.path, name));
  }

  read(path: string): string {
    return readFileSync(join(this.path, path), 'utf8');
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.path, path), text);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** Runs tests until the first fails, or the deadline has come. */
  async test(files: readonly string[], deadline: number): Promise<Outcome> {
    const startedAt = performance.now();
    const { NODE_OPTIONS: _, ...env } = process.env;
    const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
    const options = ['--bail', '--exit', '--timeout', '10000', '--reporter', 'min'];
    const child = spawn(process.execPath, [mocha, ...options, ...files], {
      cwd: this.path,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what the tests started can be ended with it.
      detached: true,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    let hasHung = false;
    const timer = setTimeout(() => {
      hasHung = true;
      endGroup(child.pid);
    }, deadline);
    const [code] = await once(child, 'exit');
    clearTimeout(timer);
    endGroup(child.pid);
    const milliseconds = performance.now() - startedAt;
    const ended = code === 0 ? 'passed' : 'failed';
    return { result: hasHung ? 'hung' : ended, milliseconds, output };
  }
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
