import { expect } from 'chai';
import { applyMutant, findMutants } from './mutants.js';

/** What a source becomes by each of its mutants. */
function mutated(text: string): string[] {
  return findMutants('example.ts', text).map((mutant) => applyMutant(text, mutant));
}

describe('findMutants()', () => {
  const examples: Readonly<Record<string, readonly string[]>> = {
    'if (a) b();': ['if (true) b();', 'if (false) b();', 'if (a) ;'],
    'let c = a < b;': ['let c = a <= b;'],
    'let c = a && b;': ['let c = a || b;'],
    'let c = a ?? b;': ['let c = (a);', 'let c = (b);'],
    'let c = a?.b;': ['let c = a.b;'],
    'let c = !a;': ['let c = (a);'],
    'let c = a ? b : d;': ['let c = !(a) ? b : d;'],
    'let c = true;': ['let c = false;'],
    "let c = 'end';": ["let c = '';"],
    'let c = [a];': ['let c = [];'],
    'let c = await a;': ['let c = (a);'],
    'let c = 1;': ['let c = (1 + 1);'],
    'const f = () => a;': ['const f = () => (undefined as never);'],
    'function f() { return a; }': ['function f() { return undefined as never; }'],
    'while (a) b();': ['while (false) b();', 'while (a) ;'],
    'try { a(); } finally { b(); }': [
      'try { ; } finally { b(); }',
      'try { a(); } finally {}',
      'try { a(); } finally { ; }',
    ],
  };
  for (const [text, expected] of Object.entries(examples)) {
    it(`changes \`${text}\``, () => {
      expect(mutated(text)).to.have.members(expected);
    });
  }

  it('changes no types, no imports and no sentences', () => {
    const text = [
      "import { a } from 'b';",
      "type C = 'd' | true;",
      "interface E { readonly f: 'g' }",
      "const h: 'i' | undefined = undefined;",
      "const j = 'A sentence for people';",
    ].join('\n');
    expect(mutated(text)).to.deep.equal([]);
  });

  it('tells the line and the change of each', () => {
    const [mutant] = findMutants('example.ts', '\nlet c = a === b;');
    expect(mutant).to.include({ line: 2, title: '===  ->  !==' });
  });
});
