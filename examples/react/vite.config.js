import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const target = process.env.SERVER_URL ?? 'http://localhost:3000';

export default defineConfig({
  plugins: [react()],
  server: {
    // What Vite does not serve itself goes to server.ts, as if it had been asked for on its own host.
    proxy: {
      '/api': { target, changeOrigin: true },
      '/socket.io': { target, changeOrigin: true, ws: true },
    },
  },
});
