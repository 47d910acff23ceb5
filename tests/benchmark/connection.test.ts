import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { Server } from 'socket.io';
import { Connection } from './connection.js';
import { Latencies } from './latencies.js';

describe('a connection of the benchmark', () => {
  let io: Server;
  let latencies: Latencies;
  let answer: (n: number) => number;
  let received = 0;
  let connection: Connection;

  beforeEach(async () => {
    answer = (n) => n;
    received = 0;
    const http = createServer();
    // A ping every few milliseconds, among the answers.
    io = new Server(http, { pingInterval: 5 });
    io.on('connection', (socket) => {
      socket.on('work', ({ n }: { n: number }, ack: (n: number) => void) => {
        received += 1;
        ack(answer(n));
      });
    });
    await once(http.listen(0, '127.0.0.1'), 'listening');
    // A server that listens has an address with a port.
    const { port } = http.address() as AddressInfo;
    latencies = new Latencies();
    connection = new Connection({ port, cookie: 'a=b', n: 12, latencies });
    await connection.open();
  });

  afterEach(async () => {
    connection.close();
    await io.close();
  });

  it('keeps events in flight, and ends with an answer for each', async () => {
    await connection.probe();
    connection.start(20);
    while (received < 2_000) await nextTurn();
    connection.pause();
    while (connection.isWaiting) await nextTurn();
    expect(connection.failure).to.equal(undefined);
    expect(latencies.percentile(0.5)).to.be.greaterThan(0);
    // The probe was not timed.
    expect(latencies.count).to.equal(received - 1);
  });

  it('answers pings meanwhile', async () => {
    let pongs = 0;
    for (const socket of io.sockets.sockets.values()) {
      socket.conn.on('packet', ({ type }) => {
        if (type === 'pong') pongs += 1;
      });
    }
    connection.start(5);
    while (pongs < 3) await nextTurn();
    expect(connection.failure).to.equal(undefined);
  });

  it('fails where one answer of many is wrong', async () => {
    answer = (n) => (received === 100 ? n + 1 : n);
    connection.start(20);
    while (connection.isWaiting) await nextTurn();
    expect(connection.failure?.message).to.contain('430[13]');
  });

  it('fails where the server disconnects it', async () => {
    connection.start(1);
    io.disconnectSockets(true);
    while (connection.isWaiting) await nextTurn();
    expect(connection.failure).to.be.an('error');
  });
});
