/**
 * @module The reference pages leave nothing out: methods, options with their defaults, error codes,
 * dependencies.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { helpFor, type SessionErrorCode } from '../../source/errors.js';
import { ExpressionSocket } from '../../source/index.js';
import { type ResolvedOptions, resolveOptions } from '../../source/options.js';
import { SessionNamespaceWrapper } from '../../source/sockets/session-namespace.js';
import { anchorOf, page, root, section } from './markdown.js';

const api = page('docs/api.md');
const errors = page('docs/errors.md');

/** The options whose default the page writes as something else than a value. */
const described: readonly string[] = ['ticket'];

function methodsOf({ prototype }: { readonly prototype: object }): string[] {
  return Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
}

/** How a page writes a default value; nothing where the option is off or a function by default. */
function written(value: ResolvedOptions[keyof ResolvedOptions]): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? `\`'${value}'\`` : `\`${JSON.stringify(value)}\``;
}

describe('docs/api.md', () => {
  for (const name of methodsOf(ExpressionSocket)) {
    it(`has a heading for \`expressionIO.${name}\``, () => {
      // `in` is an alias, and is told of where `to` is.
      const pattern = new RegExp(`\`expressionIO\\.${name}\\b`);
      if (name === 'in') expect(section(api, '`expressionIO.to(sessionId)`')).to.match(pattern);
      else expect(api.headings.some((heading) => pattern.test(heading))).to.equal(true);
    });
  }

  for (const name of methodsOf(SessionNamespaceWrapper)) {
    it(`tells of \`wrapper.${name}\``, () => {
      expect(section(api, 'The wrapper of a namespace')).to.match(
        new RegExp(`\`wrapper\\.${name}\\b`),
      );
    });
  }

  for (const [name, value] of Object.entries(resolveOptions({}))) {
    it(`has a heading for the option \`${name}\`, with its default`, () => {
      const text = section(api, `\`${name}\``);
      expect(text).to.include('Default: ');
      const expected = written(value);
      if (expected && !described.includes(name)) expect(text).to.include(`Default: ${expected}`);
    });
  }

  it('names no other option', () => {
    const options = section(api, 'Options');
    const headings = [...options.matchAll(/^### `(\w+)`$/gm)].map(([, name]) => name);
    expect(headings).to.have.members(Object.keys(resolveOptions({})));
  });
});

describe('docs/errors.md', () => {
  const codes = [
    ...readFileSync(join(root, 'source/errors.ts'), 'utf8').matchAll(/^ {2}\| '(ERR_\w+)'/gm),
  ].map(([, code]) => code as SessionErrorCode);

  it('has a heading for each code, where the messages link to', () => {
    const anchors = errors.headings.map(anchorOf);
    expect(codes).to.have.length.above(10);
    for (const code of codes) {
      const [address, anchor] = helpFor(code).split('#');
      expect(address).to.match(/\/docs\/errors\.md$/);
      expect(anchors).to.include(anchor);
    }
  });

  it('has no code that does not exist', () => {
    const documented = errors.headings.filter((heading) => heading.includes('ERR_'));
    expect(documented.map((heading) => heading.replaceAll('`', ''))).to.have.members(codes);
  });
});

describe('README.md', () => {
  it('says of each runtime dependency what it is for', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const [, list = ''] = section(page('README.md'), 'Installation').split(/untime dependenc/);
    const named = [...list.matchAll(/\[([^\]]+)\]\(https:\/\/www\.npmjs\.com\/package/g)].map(
      ([, name]) => name,
    );
    expect(named).to.have.members(Object.keys(dependencies));
  });

  it('is about 200 lines long', () => {
    expect(page('README.md').text.split('\n').length).to.be.below(250);
  });
});
