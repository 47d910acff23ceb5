/**
 * @module A folder like that of an application: the packed library, other packages at versions of their
 * own, and the programs of the matrix.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** What a command printed, and how it ended. */
export interface Outcome {
  readonly succeeded: boolean;
  readonly output: string;
}

/** How long one command may take, in milliseconds. */
const deadline = 240_000;

/** Runs a command to its end. */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  // The loader of this script is not for the programs.
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: deadline,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, 'close');
  return { succeeded: code === 0, output };
}

/** Packs the library as it is built; returns the path of the tarball. */
export async function pack(folder: string): Promise<string> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { succeeded, output } = await run('npm', [...args, '--loglevel', 'error'], root);
  if (!succeeded) throw new Error(`npm pack failed:\n${output}`);
  const [{ filename }] = JSON.parse(output.slice(output.indexOf('[')));
  return join(folder, filename);
}

/** A folder for the whole run, which `remove` takes away. */
export function makeFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'matrix-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** An application's folder. */
export class Workspace {
  readonly path: string;

  /** @param path where it is to be; nothing is there yet */
  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    cpSync(join(root, 'tests/matrix/programs'), path, { recursive: true });
  }

  /** Writes a file, such as the configuration of a tool. */
  write(name: string, content: string | object): void {
    const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2);
    mkdirSync(join(this.path, name, '..'), { recursive: true });
    writeFileSync(join(this.path, name), text);
  }

  /** Installs packages, each `name@version`, or the path of a tarball. */
  async install(packages: readonly string[]): Promise<Outcome> {
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--no-save'];
    const quiet = ['--loglevel', 'error'];
    if (!existsSync(join(this.path, 'package.json'))) this.write('package.json', { private: true });
    return run('npm', ['install', ...flags, ...quiet, ...packages], this.path);
  }

  /** The version of an installed package, or none. */
  version(name: string): string | undefined {
    const manifest = join(this.path, 'node_modules', name, 'package.json');
    return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined;
  }
}
