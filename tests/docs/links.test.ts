/**
 * @module The links of the documentation: files, and headings on pages.
 */

import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';
import { anchorOf, page, pages, root } from './markdown.js';

/** A link that leads nowhere. */
function brokenLinks({ path, prose }: { path: string; prose: string }): string[] {
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => {
    if (/^https?:/.test(target)) return !URL.canParse(target);
    const [file = '', anchor] = target.split('#', 2);
    const destination = file === '' ? path : normalize(join(dirname(path), file));
    if (!existsSync(join(root, destination))) return true;
    if (anchor === undefined) return false;
    return !page(destination).headings.some((heading) => anchorOf(heading) === anchor);
  });
}

describe('The links of the documentation', () => {
  for (const one of pages) {
    it(`lead somewhere in ${one.path}`, () => {
      expect(brokenLinks(one)).to.deep.equal([]);
    });
  }

  it('are checked: a missing file and a missing heading are found', () => {
    const prose = '[a](nowhere.md) [b](README.md#nowhere) [c](README.md#features) [d](#features)';
    expect(brokenLinks({ path: 'README.md', prose })).to.deep.equal([
      'nowhere.md',
      'README.md#nowhere',
    ]);
  });

  it('reach all pages from the README', () => {
    const reached = new Set(['README.md']);
    for (const path of reached) {
      for (const [, target = ''] of page(path).prose.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
        const destination = normalize(join(dirname(path), target)).replace(/\/$/, '');
        for (const known of [destination, `${destination}/README.md`]) {
          if (pages.some((one) => one.path === known)) reached.add(known);
        }
      }
    }
    expect(pages.map(({ path }) => path).filter((path) => !reached.has(path))).to.deep.equal([]);
  });
});
