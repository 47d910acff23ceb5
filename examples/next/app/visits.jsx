'use client';

import { useEffect, useState } from 'react';
import { io } from 'socket.io-client';

const socket = io({ autoConnect: false });
let firstVisit;

async function visitOverHttp() {
  const response = await fetch('/api/visits');
  return response.json();
}

export function Visits() {
  const [visits, setVisits] = useState('…');
  const [connection, setConnection] = useState('Connecting…');

  useEffect(() => {
    let isGone = false;
    socket.on('visits', setVisits);
    socket.on('connect', () => setConnection('Connected.'));
    socket.on('disconnect', () => setConnection('Connecting…'));
    // The first visit brings the cookie, with which the socket then connects. It is one per page:
    // in development, React runs each effect twice.
    firstVisit ??= visitOverHttp();
    firstVisit.then((visits) => {
      if (isGone) return;
      setVisits(visits);
      socket.connect();
    });
    return () => {
      isGone = true;
      socket.off();
      socket.disconnect();
    };
  }, []);

  return (
    <>
      <h1>
        Visits: <output>{visits}</output>
      </h1>
      <p role="status">{connection}</p>
      <section>
        <div>
          <button type="button" onClick={async () => setVisits(await visitOverHttp())}>
            Visit over HTTP
          </button>
          <button type="button" className="primary" onClick={() => socket.emit('visit')}>
            Visit over the socket
          </button>
        </div>
      </section>
    </>
  );
}
