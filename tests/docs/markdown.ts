/**
 * @module The documentation as tests read it: pages with their headings, links and code.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the package. */
export const root: string = join(import.meta.dirname, '../..');

/** A block of code. */
export interface Snippet {
  readonly page: string;
  /** The line of its first line of code, from 1 on. */
  readonly line: number;
  /** What is behind the fence, such as `js before`. */
  readonly info: string;
  readonly code: string;
}

/** A page of the documentation. */
export interface Page {
  /** Within the package, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The text without blocks of code. */
  readonly prose: string;
  readonly headings: readonly string[];
  readonly snippets: readonly Snippet[];
}

const folders = ['docs', 'examples'];

/** All pages: those at the top, those in `docs`, and the READMEs of the examples. */
export const pages: readonly Page[] = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
      .map((name) => `${folder}/${name}`),
  ),
].map(readPage);

/** A page by its path. */
export function page(path: string): Page {
  const found = pages.find((one) => one.path === path);
  if (found) return found;
  throw new Error(`There is no page ${path}`);
}

/** The anchor that GitHub gives a heading. */
export function anchorOf(heading: string): string {
  return heading
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

/** The text below a heading, up to the next one of the same level or a higher one. */
export function section({ text, path }: Page, heading: string): string {
  const lines = text.split('\n');
  const start = lines.findIndex(
    (line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading,
  );
  if (start < 0) throw new Error(`${path} has no heading "${heading}"`);
  const level = /^#+/.exec(lines[start] ?? '')?.[0].length ?? 1;
  const length = lines.slice(start + 1).findIndex((line) => {
    const marks = /^(#+) /.exec(line)?.[1];
    return marks !== undefined && marks.length <= level;
  });
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join('\n');
}

function readPage(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8');
  const snippets: Snippet[] = [];
  const prose: string[] = [];
  let open: { readonly info: string; readonly line: number; readonly code: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```(.*)$/.exec(line);
    if (open && fence) {
      snippets.push({ ...open, page: path, code: open.code.join('\n') });
      open = undefined;
    } else if (fence) open = { info: fence[1] ?? '', line: index + 2, code: [] };
    else if (open) open.code.push(line);
    else prose.push(line);
  }
  const body = prose.join('\n');
  const headings = [...body.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return { path, text, prose: body, headings, snippets };
}
