// A page that is bundled: its own use of Socket.IO's client, and ours.
import { connectWithSession, SessionSocket } from 'expression.socket.io/client';
import { io } from 'socket.io-client';

globalThis.found = { connectWithSession, SessionSocket, io };
