import { useEffect, useState } from 'react';
import { socket } from './server.js';

/** How the connection is, as a sentence. */
export function useConnection() {
  const [sentence, setSentence] = useState('Connecting…');

  useEffect(() => {
    const onConnect = () => setSentence('Connected.');
    const onDisconnect = () => setSentence('Connecting…');
    const onRefusal = ({ data }) => setSentence(data ? `Refused: ${data.code}` : 'Connecting…');

    if (socket.connected) onConnect();
    socket.on('connect', onConnect);
    socket.on('disconnect', onDisconnect);
    socket.on('connect_error', onRefusal);
    return () => {
      socket.off('connect', onConnect);
      socket.off('disconnect', onDisconnect);
      socket.off('connect_error', onRefusal);
    };
  }, []);

  return sentence;
}
