/**
 * @module The program on the front page, as somebody tries it who has just found it.
 */

import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { received } from '../support/app.js';
import { requireChromium } from '../support/chromium.js';
import { type DocProgram, startDocProgram } from '../support/doc-programs.js';
import { Visitor } from '../support/visitor.js';
import { page } from './markdown.js';

const { snippets } = page('README.md');
const server = snippets.find(({ info }) => info === 'js')?.code ?? '';
const html = snippets.find(({ info }) => info === 'html')?.code ?? '';

describe('The first program of the README', () => {
  let program: DocProgram;

  before(async () => {
    program = await startDocProgram({ 'server.js': server, 'index.html': html });
  });

  after(() => program?.stop());

  it('counts the clicks of all tabs of a visitor, and of nobody else', async () => {
    const visitor = new Visitor(program.address);
    await visitor.get('/');
    const stranger = new Visitor(program.address);
    await stranger.get('/');
    const tab = visitor.open();
    expect(await received(tab, 'clicks')).to.deep.equal([0]);
    const otherTab = visitor.open();
    expect(await received(otherTab, 'clicks')).to.deep.equal([0]);

    const clicks = received(otherTab, 'clicks');
    tab.emit('click');
    expect(await clicks).to.deep.equal([1]);
    expect(await received(stranger.open(), 'clicks')).to.deep.equal([0]);

    visitor.leave();
    stranger.leave();
  });

  it('disconnects a client without a session', async () => {
    const stranger = new Visitor(program.address);
    expect((await received(stranger.open(), 'disconnect'))[0]).to.equal('io server disconnect');
    stranger.leave();
  });

  describe('in a browser', () => {
    let browser: Browser;

    before(async function () {
      browser = await requireChromium(this);
    });

    after(() => browser?.close());

    it('shows the same number in two tabs, and after a reload', async () => {
      const context = await browser.newContext();
      const [tab, otherTab] = [await context.newPage(), await context.newPage()];
      for (const one of [tab, otherTab]) {
        await one.goto(program.address);
        await one.getByText('0').waitFor();
      }
      await tab.getByRole('button').click();
      for (const one of [tab, otherTab]) await one.getByText('1').waitFor();
      await otherTab.reload();
      await otherTab.getByText('1').waitFor();
    });
  });
});
