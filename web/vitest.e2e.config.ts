/** The tests that drive a browser: `npm run e2e`, or `npm run e2e -- shell` for one file. */
import { defineConfig } from 'vitest/config'
import './e2e/node20.ts'

export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    globalSetup: 'e2e/made.ts',
    fileParallelism: false, // each file runs a server and a browser
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
