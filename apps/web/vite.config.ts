import { defineConfig } from 'vitest/config';

// The result is embedded in roostd and served under a strict Content-Security-Policy: hence no
// inlined assets (data: URIs), no polyfill script in the page and few files.
export default defineConfig({
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1024,
  },
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
  },
});
