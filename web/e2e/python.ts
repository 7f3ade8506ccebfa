/** Where Python is, and an environment in which it fetches nothing. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const own = `${ROOT}.venv/bin/python`
export const PYTHON = process.env.ADEQUATE_PYTHON ?? (existsSync(own) ? own : 'python3')
export const ENV: NodeJS.ProcessEnv = {
  ...process.env,
  ADEQUATE_CACHE: '/nonexistent/cache',
  ADEQUATE_RESOURCES: '/nonexistent/resources',
  PIP_NO_INDEX: '1',
  HF_HUB_OFFLINE: '1',
  OMP_NUM_THREADS: '1',
}
