import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { cssVariables } from './src/tokens.ts';

/** The tokens reach the page as CSS variables before any script runs, so nothing is painted twice. */
const tokens: Plugin = {
  name: 'tokens',
  transformIndexHtml: () => [{ tag: 'style', children: `:root{${cssVariables()}}`, injectTo: 'head-prepend' }],
};

export default defineConfig({
  base: '/',
  plugins: [react(), tokens],
  build: {
    outDir: 'dist',
    target: 'es2022',
    // The console's charts are one known large chunk, loaded only by the pages that draw.
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      output: {
        // What both faces use stands apart from antd, so that the portal never loads the latter.
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|scheduler)\// },
            {
              name: 'shared',
              test: /src\/(api|i18n|session|format|ui\/(?!console\/))|node_modules\/(@tanstack|openapi-fetch)/,
            },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/oauth', '/gateway', '/openapi.json', '/catalog.ttl'].map((path) => [
        path,
        process.env.SHUQIAO_URL ?? 'http://127.0.0.1:8080',
      ]),
    ),
  },
});
