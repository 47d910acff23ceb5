import { expect } from 'chai';
import sinon from 'sinon';
import { type Namespace, Server } from 'socket.io';
import { Adapter } from 'socket.io-adapter';
import type { SessionMessage } from '../../source/session/process-bus.js';
import { sessionHashOf } from '../../source/session/session-hash.js';
import { ClusterBus } from '../../source/sockets/cluster-bus.js';

const hash = sessionHashOf('a session');
const message: SessionMessage = { type: 'ended', hash, reason: 'destroyed' };

/** An adapter that keeps what is sent to the other nodes. */
class NodeAdapter extends Adapter {
  readonly sent: unknown[][] = [];

  override serverSideEmit(packet: unknown[]): void {
    this.sent.push(packet);
  }
}

/** As those of libraries that are built upon each other. */
class DerivedAdapter extends NodeAdapter {}

class BrokenAdapter extends Adapter {
  override serverSideEmit(): never {
    throw new Error('the adapter is down');
  }
}

describe('ClusterBus', () => {
  let namespace: Namespace;
  let report: sinon.SinonSpy;
  let advise: sinon.SinonSpy;

  beforeEach(() => {
    report = sinon.spy();
    advise = sinon.spy();
  });

  function start(adapter?: typeof Adapter, isLockShared = true): ClusterBus {
    const io = new Server(adapter ? { adapter } : {});
    namespace = io.of('/');
    return new ClusterBus(io, { report, advise }, isLockShared);
  }

  /** What reaches a subscriber of what other nodes send. */
  function receivedOf(bus: ClusterBus, messages: readonly unknown[]): unknown[] {
    const received: unknown[] = [];
    bus.subscribe((one) => received.push(one));
    for (const one of messages) namespace._onServerSideEmit([eventName(), one]);
    return received;
  }

  /** The name of the event, which all versions of the library share. */
  function eventName(): string {
    return 'expression.socket.io:session';
  }

  for (const adapter of [NodeAdapter, DerivedAdapter]) {
    it('advises a shared lock if an adapter connects nodes and the lock is in memory', () => {
      start(NodeAdapter, false).publish(message);
      expect(advise.calledOnce).to.equal(true);
      expect(String(advise.firstCall.args[0])).to.include('`lock`');
    });

    it('advises nothing if the lock is shared, or if nothing connects nodes', () => {
      start(NodeAdapter, true).publish(message);
      start(undefined, false).publish(message);
      expect(advise.called).to.equal(false);
    });

    it(`sends a message by the adapter that connects the nodes, here ${adapter.name}`, () => {
      start(adapter).publish(message);
      expect((namespace.adapter as NodeAdapter).sent).to.deep.equal([[eventName(), message]]);
      expect(report.callCount).to.equal(0);
    });
  }

  it('sends nothing by the adapter in memory, which would only print a warning', () => {
    const bus = start();
    const emit = sinon.spy(namespace, 'serverSideEmit');
    bus.publish(message);
    expect(emit.callCount).to.equal(0);
  });

  it('reports an adapter that is down', () => {
    start(BrokenAdapter).publish(message);
    expect(String(report.firstCall.args[0])).to.equal('Error: the adapter is down');
  });

  it('receives all messages that it knows', () => {
    const messages: SessionMessage[] = [
      { type: 'ending', hash, reason: 'regenerated' },
      { type: 'stayed', hash, reason: 'destroyed' },
      { type: 'ended', hash, reason: 'expired' },
      { type: 'extended', expiries: [[hash, 1]] },
      { type: 'extended', expiries: [] },
      { type: 'cleared' },
    ];
    expect(receivedOf(start(NodeAdapter), messages)).to.deep.equal(messages);
  });

  it('receives again after the application has removed all listeners of the server', () => {
    const bus = start(NodeAdapter);
    const received: SessionMessage[] = [];
    const receive = (one: SessionMessage): void => void received.push(one);
    bus.subscribe(receive);
    bus.subscribe(receive);
    namespace._onServerSideEmit([eventName(), message]);
    namespace.removeAllListeners();
    bus.subscribe(receive);
    namespace._onServerSideEmit([eventName(), message]);
    bus.close();
    bus.subscribe(receive);
    namespace._onServerSideEmit([eventName(), message]);
    expect(received).to.deep.equal([message, message]);
  });

  it('ignores messages that it does not know, such as those of another version', () => {
    const messages = [
      undefined,
      null,
      'ended',
      {},
      { type: 'begun', hash, reason: 'destroyed' },
      { type: 'ended', reason: 'destroyed' },
      { type: 'ended', hash: 'room', reason: 'destroyed' },
      { type: 'ended', hash },
      { type: 'ended', hash, reason: 'bored' },
      { type: 'extended' },
      { type: 'extended', expiries: 'all' },
      { type: 'extended', expiries: [hash] },
      { type: 'extended', expiries: [['room', 1]] },
      { type: 'extended', expiries: [[hash, '1']] },
      { type: 'extended', expiries: [[hash, Number.NaN]] },
      { type: 'extended', expiries: [[hash, 1], [hash]] },
      { type: 'extended', expiries: new Array(1) },
    ];
    expect(receivedOf(start(NodeAdapter), messages)).to.deep.equal([]);
  });

  it('receives nothing after it is closed', () => {
    const bus = start(NodeAdapter);
    const received: unknown[] = [];
    bus.subscribe((one) => received.push(one));
    bus.close();
    namespace._onServerSideEmit([eventName(), message]);
    expect(received).to.deep.equal([]);
    expect(namespace.listenerCount(eventName() as 'connection')).to.equal(0);
  });

  it('can be closed without a subscriber', () => {
    expect(() => start(NodeAdapter).close()).not.to.throw();
  });
});
