import { expect } from 'chai';
import type { Socket } from 'socket.io-client';
import { received, refused } from '../../support/app.js';
import { type RunningExample, startExample } from '../../support/example.js';
import { Visitor } from '../../support/visitor.js';

interface Guest {
  readonly id: string;
  readonly name: string;
}

describe('examples/presence', () => {
  let example: RunningExample;
  const visitors: Visitor[] = [];

  beforeEach(async () => {
    example = await startExample('--import', 'tsx', 'examples/presence/server.ts');
  });

  afterEach(async () => {
    for (const visitor of visitors.splice(0)) visitor.leave();
    await example?.close();
  });

  it('refuses a visitor who has not told a name', async () => {
    await refused(visit().open());
  });

  it('counts a visitor once, with however many tabs', async () => {
    const ada = visit();
    await ada.post('/enter', { name: 'Ada' });
    const tab = ada.open();
    await here(tab, 1);

    const isTold = here(tab, 1);
    await here(ada.open(), 1);
    expect(names(await isTold)).to.deep.equal(['Ada']);

    const charles = visit();
    await charles.post('/enter', { name: 'Charles' });
    const isTwo = here(tab, 2);
    charles.open();
    expect(names(await isTwo)).to.deep.equal(['Ada', 'Charles']);
  });

  it('keeps a visitor until the last tab is closed', async () => {
    const [ada, charles] = [visit(), visit()];
    await ada.post('/enter', { name: 'Ada' });
    await charles.post('/enter', { name: 'Charles' });
    const watcher = charles.open();
    await here(watcher, 1);
    const [tab, otherTab] = [ada.open(), ada.open()];
    await Promise.all([here(tab, 2), here(otherTab, 2)]);

    // The list is told anew as each tab goes.
    const isTold = received(watcher, 'here');
    tab.disconnect();
    expect((await isTold)[0]).to.have.length(2);

    const isAlone = here(watcher, 1);
    otherTab.disconnect();
    expect(names(await isAlone)).to.deep.equal(['Charles']);
  });

  it('removes a visitor who leaves, with all tabs', async () => {
    const [ada, charles] = [visit(), visit()];
    await ada.post('/enter', { name: 'Ada' });
    await charles.post('/enter', { name: 'Charles' });
    const watcher = charles.open();
    const tabs = [ada.open(), ada.open()];
    await Promise.all([watcher, ...tabs].map((tab) => here(tab, 2)));

    const isAlone = here(watcher, 1);
    const ends = tabs.map((tab) => received(tab, 'disconnect'));
    await ada.post('/leave');

    for (const [reason] of await Promise.all(ends)) {
      expect(reason).to.equal('io server disconnect');
    }
    expect(names(await isAlone)).to.deep.equal(['Charles']);
  });

  it('tells everybody what a visitor says, by the name in the session', async () => {
    const ada = visit();
    await ada.post('/enter', { name: 'Ada' });
    const tab = ada.open();
    await here(tab, 1);

    const isHeard = received(tab, 'said');
    tab.emit('say', 'Good morning');

    expect(await isHeard).to.deep.equal(['Ada', 'Good morning']);
  });

  it('tells nobody the id of a session', async () => {
    const ada = visit();
    await ada.post('/enter', { name: 'Ada' });
    const guests = await here(ada.open(), 1);

    const sessionId = decodeURIComponent(ada.cookie).match(/s:([^.]+)/)?.[1] ?? '';
    expect(sessionId).not.to.equal('');
    expect(JSON.stringify(guests)).not.to.include(sessionId);
  });

  function visit(): Visitor {
    const visitor = new Visitor(example.address);
    visitors.push(visitor);
    return visitor;
  }
});

/** Waits until a tab is told that so many visitors are here. */
function here(tab: Socket, number: number): Promise<readonly Guest[]> {
  return new Promise((resolve) => {
    const listener = (guests: readonly Guest[]): void => {
      if (guests.length !== number) return;
      tab.off('here', listener);
      resolve(guests);
    };
    tab.on('here', listener);
  });
}

function names(guests: readonly Guest[]): string[] {
  return guests.map(({ name }) => name).sort();
}
