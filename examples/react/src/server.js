import { io } from 'socket.io-client';

export const socket = io({ autoConnect: false, transports: ['websocket'] });

export async function visitOverHttp() {
  const response = await fetch('/api/visits');
  return response.json();
}
