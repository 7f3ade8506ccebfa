/** The screens, in the order of the loop. `key`: after g. `wide`: uses the whole window, and places itself in it. `about`: what it is for. */
import type { Component } from 'svelte'
import type { Can } from '../lib/session.svelte'

export type Screen = {
  path: string
  name: string
  key?: string
  nav: boolean
  wide?: boolean
  /** Who has nothing to do there is not led there. */
  needs?: Can
  about: string
  load: () => Promise<{ default: Component }>
}

export const SCREENS: Screen[] = [
  { path: 'board', name: 'Board', key: 'b', nav: true, about: 'Is it good enough, where not, and when will it be? A cell is a task on a slice, or for one label, against its target.', load: () => import('./Board.svelte') },
  { path: 'label', name: 'Label', key: 'l', nav: true, about: 'One question at a time, the most useful first. Your answers are saved as you give them.', load: () => import('./Label.svelte') },
  { path: 'together', name: 'Together', key: 'a', nav: true, needs: 'review', about: 'Who labels, how far they agree, and the answers that differ and need a reviewer.', load: () => import('./Together.svelte') },
  { path: 'explore', name: 'Explore', key: 'e', nav: true, about: 'Find examples by words, meaning, label, prediction or slice; see what is mixed up; label, ask or slice what you found.', load: () => import('./Explore.svelte') },
  { path: 'tests', name: 'Tests', key: 't', nav: true, about: 'What the model must do, tested without gold labels: what fails, what newly fails, what no test is about; and the cases, to mine near and to label.', load: () => import('./Tests.svelte') },
  { path: 'cycles', name: 'Cycles', key: 'c', nav: true, about: 'Every model with what it was made from. Between two: what it fixed, what it broke, and whether it may take over.', load: () => import('./Cycles.svelte') },
  { path: 'live', name: 'Live', key: 'v', nav: true, about: 'What production does: which releases answer, what changed since the model was tested, how often it is likely to be right, and what to do about it.', load: () => import('./Live.svelte') },
  { path: 'guide', name: 'Guide', key: 'g', nav: true, about: 'What each label means and what was decided, so that everybody labels alike.', load: () => import('./Guide.svelte') },
  { path: 'schema', name: 'Labels', key: 's', nav: true, about: 'The labels of each task: rename, merge, split or retire them, with a preview and one undo.', load: () => import('./Schema.svelte') },
  { path: 'examples', name: 'Example', nav: false, about: 'One example: what it says, who said what of it, what models think, what is like it.', load: () => import('./Example.svelte') },
  { path: 'people', name: 'People', key: 'p', nav: false, about: 'Who may do what here, links to invite others, tokens for programs, and the log of all of it.', load: () => import('./People.svelte') },
  { path: 'files', name: 'Import and export', key: 'i', nav: false, about: 'Add data and labels from files, and take everything out again.', load: () => import('./Files.svelte') },
  { path: 'setup', name: 'New project', nav: false, about: 'Drop data, correct what was inferred, start.', load: () => import('./Setup.svelte') },
  { path: 'join', name: 'Join', nav: false, about: 'The door.', load: () => import('./Join.svelte') },
]

export const HOME = 'board'
/** Shown without the frame: nobody is inside a project there. */
export const BARE = ['setup', 'join']
export const MISSING: Screen = { path: '', name: 'Not found', nav: false, about: 'Nothing has this address.', load: () => import('../parts/shell/Missing.svelte') }

export const screenOf = (path: string) => SCREENS.find((one) => one.path === path)
