import { useEffect, useState } from 'react';
import { socket, visitOverHttp } from './server.js';
import { useConnection } from './use-connection.js';

export function App({ firstVisits }) {
  const [visits, setVisits] = useState(firstVisits);
  const connection = useConnection();

  useEffect(() => {
    socket.on('visits', setVisits);
    return () => socket.off('visits', setVisits);
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
