/**
 * @module The README's comparison with other packages, each cell of which is tried with the package.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { PeerApp } from './peer-app.js';
import { peers } from './peers.js';
import { handsOverSession, type Probe, probes } from './probes.js';

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const [columns = [], ...rows] = tableAfter('## How it compares');

describe('The comparison in the README', () => {
  it('has a probe for each row, and all probes have a row', () => {
    expect(rows.map(([row]) => row)).to.have.members(Object.keys(probes));
    expect(columns.slice(1)).to.have.members(Object.keys(peers));
  });

  for (const [row = '', ...cells] of rows) {
    describe(row, () => {
      const answers = new Map<string, Promise<string>>();

      // All packages at the same time: some of them are waited for in vain.
      before(() => {
        for (const [index, name] of columns.slice(1).entries()) {
          answers.set(name, find(name, row, cells[index]));
        }
      });

      for (const [index, name] of columns.slice(1).entries()) {
        it(`is "${cells[index]}" in ${name}`, async () => {
          expect(await answers.get(name)).to.equal(cells[index]);
        });
      }
    });
  }
});

/** Tries a package; where the table says that a row does not concern it, that it has no sessions. */
async function find(name: string, row: string, cell: string | undefined): Promise<string> {
  if (cell === '–') return (await run(name, handsOverSession)) ? 'it has sessions' : '–';
  const probe = probes[row];
  if (!probe) throw new Error(`There is no probe for the row "${row}"`);
  return (await run(name, probe)) ? 'yes' : 'no';
}

async function run(name: string, probe: Probe): Promise<boolean> {
  const install = peers[name];
  if (!install) throw new Error(`There is no package for the column "${name}"`);
  const app = await PeerApp.start(install);
  try {
    return await probe(app);
  } finally {
    await app.stop();
  }
}

/** The cells of the first table below a heading, without their formatting. */
function tableAfter(heading: string): string[][] {
  const lines = readme.slice(readme.indexOf(heading)).split('\n');
  const start = lines.findIndex((line) => line.startsWith('|'));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines
    .slice(start, end)
    .filter((line) => !/^\|[\s:|-]+\|$/.test(line))
    .map((line) => line.split('|').slice(1, -1).map(plain));
}

function plain(cell: string): string {
  return cell
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replaceAll(/[*`]/g, '')
    .trim();
}
