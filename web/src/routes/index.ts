/** The screens, in the order of the loop. `key`: after g. `wide`: uses the whole window, and places itself in it. */
import type { Component } from 'svelte'

export type Screen = {
  path: string
  name: string
  key?: string
  nav: boolean
  wide?: boolean
  load: () => Promise<{ default: Component }>
}

export const SCREENS: Screen[] = [
  { path: 'board', name: 'Board', key: 'b', nav: true, load: () => import('./Board.svelte') },
  { path: 'label', name: 'Label', key: 'l', nav: true, load: () => import('./Label.svelte') },
  { path: 'together', name: 'Together', key: 'a', nav: true, load: () => import('./Together.svelte') },
  { path: 'explore', name: 'Explore', key: 'e', nav: true, load: () => import('./Explore.svelte') },
  { path: 'cycles', name: 'Cycles', key: 'c', nav: true, load: () => import('./Cycles.svelte') },
  { path: 'guide', name: 'Guide', key: 'g', nav: true, load: () => import('./Guide.svelte') },
  { path: 'schema', name: 'Labels', key: 's', nav: true, load: () => import('./Schema.svelte') },
  { path: 'examples', name: 'Example', nav: false, load: () => import('./Example.svelte') },
  { path: 'people', name: 'People', key: 'p', nav: false, load: () => import('./People.svelte') },
  { path: 'files', name: 'Import and export', key: 'i', nav: false, load: () => import('./Files.svelte') },
  { path: 'setup', name: 'New project', nav: false, load: () => import('./Setup.svelte') },
  { path: 'join', name: 'Join', nav: false, load: () => import('./Join.svelte') },
]

export const HOME = 'board'
/** Shown without the frame: nobody is inside a project there. */
export const BARE = ['setup', 'join']
export const MISSING: Screen = { path: '', name: 'Not found', nav: false, load: () => import('../parts/shell/Missing.svelte') }

export const screenOf = (path: string) => SCREENS.find((one) => one.path === path)
