/** Once for all files: the project that each of them gets a copy of. `ADEQUATE_E2E_BASE` names one that is kept. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { ENV, PYTHON, ROOT } from './python.ts'

declare module 'vitest' {
  interface ProvidedContext {
    base: string
  }
}

export default function setup(project: TestProject) {
  const kept = process.env.ADEQUATE_E2E_BASE
  const base = kept ?? mkdtempSync(join(tmpdir(), 'adequate-e2e-'))
  if (!existsSync(join(base, 'people.json'))) {
    const people = execFileSync(PYTHON, ['-m', 'tests.studio.e2e_project', join(base, 'mail')], { cwd: ROOT, env: ENV, encoding: 'utf8' })
    writeFileSync(join(base, 'people.json'), people)
  }
  project.provide('base', base)
  return () => {
    if (!kept) rmSync(base, { recursive: true, force: true })
  }
}
