import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.jsx';
import { socket, visitOverHttp } from './server.js';
import '../../simple.css';

// The first visit brings the cookie, with which the socket then connects.
const visits = await visitOverHttp();
socket.connect();

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <App firstVisits={visits} />
  </StrictMode>,
);
