import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig } from 'vitest/config'
import './e2e/node20.ts'

const server = process.env.ADEQUATE_STUDIO ?? 'http://127.0.0.1:8321'

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  cacheDir: process.env.VITE_CACHE ?? 'node_modules/.vite',
  build: { outDir: '../src/adequate/studio/_web', emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, rolldownOptions: { checks: { pluginTimings: false } } },
  server: { proxy: { '/api': { target: server, ws: true } } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'], testTimeout: 30_000 },
})
