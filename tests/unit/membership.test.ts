import { EventEmitter } from 'node:events';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import type { Socket } from 'socket.io';
import { Deadlines } from '../../source/deadlines.js';
import { NewSession } from '../../source/handshake/new-session.js';
import { LiveSession } from '../../source/session/live-session.js';
import { sessionHashOf } from '../../source/session/session-hash.js';
import { Snapshot } from '../../source/session/snapshot.js';
import { Membership } from '../../source/sockets/membership.js';
import { LeaveRoomListener } from '../../source/sockets/session-rooms.js';
import { type SharedDependencies, SocketContext } from '../../source/sockets/socket-context.js';

const id = 'a session';
const room = sessionHashOf(id);
const snapshot = new Snapshot({ cookie: {} });
// It is only passed on.
const prototyped = {} as Socket;

/** What a membership sees of a raw socket. */
class FakeSocket {
  readonly id = 'a socket';
  readonly rooms = new Set<string>();
  readonly adapter = new EventEmitter();
  readonly nsp = { adapter: this.adapter, sockets: new Map([[this.id, this]]) };
  connected = true;
  join: (name: string) => Promise<void> | void = (name) => void this.rooms.add(name);

  leave(name: string): void {
    this.rooms.delete(name);
    this.adapter.emit('leave-room', name, this.id);
  }

  disconnect = sinon.spy(() => {
    this.connected = false;
  });
}

describe('Membership', () => {
  let socket: FakeSocket;
  let engine: { join: sinon.SinonStub; leave: sinon.SinonStub };
  let reporter: { call: sinon.SinonSpy; report: sinon.SinonSpy };
  let ends: unknown[];
  let leaveRoomListener: LeaveRoomListener;
  let members: Membership[];
  let session: LiveSession;

  beforeEach(() => {
    socket = new FakeSocket();
    session = new LiveSession(id);
    engine = { join: sinon.stub().returns(session), leave: sinon.stub() };
    reporter = { call: sinon.spy((listener, args) => listener(...args)), report: sinon.spy() };
    ends = [];
    leaveRoomListener = new LeaveRoomListener(() => members.at(-1));
    members = [];
  });

  function create(
    onSessionEnd: 'disconnect' | 'ignore' = 'ignore',
    newSession?: NewSession,
  ): Membership {
    // These have all that a membership looks at.
    const raw = socket as unknown as Socket;
    const options = { onSessionEnd };
    const shared = {
      options,
      engine,
      reporter,
      leaveRoomListener,
    } as unknown as SharedDependencies;
    const membership = new Membership(new SocketContext(raw, prototyped, shared), {
      sessionId: id,
      newSession,
    });
    members.push(membership);
    membership.endEvents.on('sessionend', (reason) => ends.push(reason));
    return membership;
  }

  it('joins its session and its room, once', () => {
    const membership = create();
    expect(membership.session).to.equal(undefined);
    expect(membership.join(snapshot)).to.equal(true);
    expect(membership.join(snapshot)).to.equal(true);
    expect(membership.session).to.equal(session);
    expect(engine.join.args).to.deep.equal([[id, membership, snapshot]]);
    expect([...socket.rooms]).to.deep.equal([room]);
  });

  it('does not join if the socket has disconnected', () => {
    socket.connected = false;
    expect(create().join(snapshot)).to.equal(true);
    expect(engine.join.callCount).to.equal(0);
  });

  for (const left of [room, 'a socket']) {
    it(`enters its room again after the application made it leave ${left === room ? 'it' : 'its own'}`, async () => {
      create().join(snapshot);
      socket.rooms.clear();
      socket.leave(left);
      expect([...socket.rooms]).to.deep.equal([]);
      await turn();
      expect([...socket.rooms]).to.deep.equal([room]);
    });
  }

  it('ignores other rooms', async () => {
    create().join(snapshot);
    socket.rooms.clear();
    socket.leave('news');
    await turn();
    expect([...socket.rooms]).to.deep.equal([]);
  });

  it('leaves its session when the socket leaves its rooms to disconnect', async () => {
    const membership = create();
    membership.join(snapshot);
    socket.connected = false;
    socket.leave(room);
    await turn();
    expect(membership.session).to.equal(undefined);
    expect(engine.leave.args).to.deep.equal([[session, membership]]);
  });

  it('enters no room after it has left', async () => {
    const membership = create();
    membership.join(snapshot);
    membership.leave();
    membership.leave();
    expect(engine.leave.callCount).to.equal(1);
    socket.leave(room);
    await turn();
    expect([...socket.rooms]).to.deep.equal([]);
  });

  it('enters no room if it leaves in the same turn as its room', async () => {
    const membership = create();
    membership.join(snapshot);
    socket.leave(room);
    membership.leave();
    await turn();
    expect([...socket.rooms]).to.deep.equal([]);
    expect(reporter.report.called).to.equal(false);
  });

  for (const how of ['rejects', 'throws']) {
    it(`reports an adapter that ${how} when it should add it to its room`, async () => {
      const failure = new Error('the adapter is down');
      socket.join = () => {
        if (how === 'throws') throw failure;
        return Promise.reject(failure);
      };
      expect(create().join(snapshot)).to.equal(true);
      await turn();
      expect(reporter.report.args).to.deep.equal([
        [failure, { socket: prototyped, event: 'connection' }],
      ]);
    });
  }

  it('ends once if its session has ended since it was read', async () => {
    engine.join.returns('destroyed');
    const membership = create('disconnect');
    expect(membership.join(snapshot)).to.equal(false);
    expect(membership.join(snapshot)).to.equal(false);
    expect(membership.session).to.equal(undefined);
    expect(membership.endsWithSession).to.equal(true);
    await turn();
    await turn();
    expect(ends).to.deep.equal(['destroyed']);
    expect(engine.join.callCount).to.equal(1);
  });

  it('emits `sessionend` once and joins again if its socket is not disconnected', async () => {
    const membership = create('ignore');
    engine.join.returns('destroyed');
    membership.join(snapshot);
    membership.join(snapshot);
    await turn();
    await turn();
    expect(ends).to.deep.equal(['destroyed']);
    expect(membership.endsWithSession).to.equal(false);
    engine.join.returns(session);
    expect(membership.join(snapshot)).to.equal(true);
    engine.join.returns('expired');
    membership.leave();
    membership.join(snapshot);
    await turn();
    await turn();
    expect(ends).to.deep.equal(['destroyed', 'expired']);
  });

  for (const isBack of [false, true]) {
    it(`${isBack ? 'is in' : 'has left'} the room of its session after the end${isBack ? ' if it has joined again meanwhile' : ''}`, async () => {
      const membership = create('ignore');
      membership.join(snapshot);
      const ended = membership.end('destroyed');
      if (isBack) membership.join(snapshot);
      await ended;
      await turn();
      expect([...socket.rooms]).to.deep.equal(isBack ? [room] : []);
    });
  }

  it('disconnects its socket when its session ends', async () => {
    const membership = create('disconnect');
    membership.join(snapshot);
    expect(membership.endsWithSession).to.equal(true);
    await membership.end('destroyed');
    expect(ends).to.deep.equal(['destroyed']);
    expect(socket.disconnect.callCount).to.equal(1);
    expect(engine.leave.callCount).to.equal(1);
  });

  it('calls the `sessionend` listeners with the prototyped socket as their context', async () => {
    const membership = create('ignore');
    membership.join(snapshot);
    await membership.end('expired');
    const [call] = reporter.call.args;
    expect(call?.slice(1)).to.deep.equal([
      ['expired'],
      { socket: prototyped, event: 'sessionend', hasSession: true },
    ]);
  });

  it('stays connected until the listener that ended the session has finished', async () => {
    const order: string[] = [];
    socket.disconnect = sinon.spy(() => void order.push('disconnected'));
    const membership = create('disconnect');
    membership.join(snapshot);
    // Longer than a socket stays connected in any case.
    const result = delay(300).then(() => {
      order.push('finished');
      throw new Error('a mistake of the listener');
    });
    membership.endingCall = { result };
    await membership.end('destroyed');
    expect(order).to.deep.equal(['finished', 'disconnected']);
  });

  it('does not wait for a listener that never finishes', async () => {
    const membership = create('disconnect');
    membership.join(snapshot);
    membership.endingCall = { result: new Promise(() => {}) };
    await membership.end('destroyed');
    expect(socket.disconnect.callCount).to.equal(1);
  });

  it('emits no `sessionend` for a socket that has disconnected meanwhile', async () => {
    const membership = create('disconnect');
    membership.join(snapshot);
    const ended = membership.end('destroyed');
    socket.connected = false;
    await ended;
    expect(ends).to.deep.equal([]);
    expect(socket.disconnect.callCount).to.equal(0);
  });

  it('settles the session of the handshake, so that it does not begin again', async () => {
    const deadlines = new Deadlines(1_000);
    const newSession = new NewSession(id, { save: () => {} }, { hasCookie: true, deadlines });
    const membership = create('ignore', newSession);
    membership.join(snapshot);
    expect(newSession.isNew).to.equal(true);
    await membership.end('destroyed');
    expect(newSession.isNew).to.equal(false);
  });
});

describe('LeaveRoomListener', () => {
  it('listens once to each adapter, even if it is replaced, until it is closed', () => {
    const socket = new FakeSocket();
    const raw = socket as unknown as Socket;
    const left: string[] = [];
    const member = { leftRoom: (name: string) => void left.push(name) };
    const listener = new LeaveRoomListener((one) => (one === raw ? member : undefined));
    listener.add(raw);
    listener.add(raw);
    socket.leave('first');
    const replaced = new EventEmitter();
    socket.nsp.adapter = replaced;
    listener.add(raw);
    replaced.emit('leave-room', 'second', socket.id);
    replaced.emit('leave-room', 'third', 'another socket');
    expect(left).to.deep.equal(['first', 'second']);
    listener.close(raw.nsp);
    expect(replaced.listenerCount('leave-room')).to.equal(0);
    listener.close(raw.nsp);
    listener.add(raw);
    expect(replaced.listenerCount('leave-room')).to.equal(1);
  });
});
