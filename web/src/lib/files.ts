/** Files on their way in, and out. */
import { count, plural } from './format'

export type Loss = { what: string; count: number; examples: string[] }
export type Brought = {
  format: string
  new: number
  known: number
  labels: Record<string, number>
  disputed: number
  notices: string[]
  losses: Loss[]
}
export type Job = {
  id: string
  name: string
  by: string
  state: 'reading' | 'working' | 'done' | 'failed'
  now: { what?: string; done?: number; total?: number | null }
  result: Brought | null
  error: { kind: string; message: string; remedy: string } | null
}
/** What can be read and written; of those that are missing something, what it is and what to do. */
export type Formats = { in: string[]; out: string[]; missing: Record<string, { message: string; remedy: string }> }
export type Made = { id: string; name: string; bytes: number; texts: number | null; losses: Loss[] }

/** What the formats are called, and what people use them for. */
export const FORMATS: Record<string, { name: string; hint: string }> = {
  auto: { name: 'Find out', hint: 'from the file’s ending and its first lines' },
  table: { name: 'Table', hint: 'CSV, TSV, JSON lines, JSON or Parquet: one example a row' },
  csv: { name: 'CSV', hint: 'one row an example, a column for each task' },
  jsonl: { name: 'JSON lines', hint: 'one object an example' },
  parquet: { name: 'Parquet', hint: 'for pandas, Polars, DuckDB, Arrow' },
  'label-studio': { name: 'Label Studio', hint: 'tasks with annotations, and the config that shows them' },
  prodigy: { name: 'Prodigy', hint: 'JSONL with spans, options and answers' },
  doccano: { name: 'doccano', hint: 'JSONL with labels or spans' },
  conll: { name: 'CoNLL / BIO', hint: 'tokens with tags: spans only' },
  spacy: { name: 'spaCy DocBin', hint: 'documents with categories, entities or spans' },
  datasets: { name: 'Hugging Face datasets', hint: 'a folder for load_dataset()' },
}

/** How far a job is, in [0, 1]; null where nobody knows. */
export const share = (job: Job): number | null =>
  job.now.total ? Math.min(1, (job.now.done ?? 0) / job.now.total) : null

/** What a file brought, in one sentence. */
export function told(result: Brought): string {
  const labels = Object.entries(result.labels).filter(([, n]) => n)
  const said = [plural(result.new, 'new example')]
  if (result.known) said.push(`${count(result.known)} known already`)
  said.push(labels.length ? labels.map(([task, n]) => `${plural(n, 'label')} of ${task}`).join(', ') : 'no new label')
  if (result.disputed) said.push(`${plural(result.disputed, 'dispute')} for a reviewer`)
  return said.join(' · ')
}
