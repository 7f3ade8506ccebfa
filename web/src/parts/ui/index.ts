/**
 * The small widgets that every screen shares. `import { Dialog, Empty, StateSign } from '../parts/ui'`
 *
 *   Dialog     <Dialog bind:open title="…" keys={[…]}>…{#snippet foot()}<button class="primary">Do it</button>{/snippet}</Dialog>
 *   Drawer     the same at the side (`wide` for more room); give it a URL by setting `open` from the query
 *   Menu       <Menu label="Sort" entries={[{ name: 'Newest', run, checked: true }, null, { name: 'Export', href }]} />
 *   Tabs       <Tabs label="Views" tabs={[{ id, name, count, href? }]} bind:chosen />; with `href` they are links
 *   Field      <Field label="Name" hint="…" error={…}>{#snippet children(field)}<input {...field} bind:value />{/snippet}</Field>
 *   StateSign  <StateSign state="adequate" word /> : ● ◐ ✕ ▼ ▽ ▲ with their words; states and changes of cells
 *   Avatar     <Avatar name="Ada Lovelace" small />
 *   Empty      <Empty title="No labels yet">Why.{#snippet action()}<a class="button primary" href="/label">Label</a>{/snippet}</Empty>
 *   ErrorNote  <ErrorNote error={view.error} again={view.again} /> : message and remedy as the server worded them
 *   Loading    <Loading lines={6} /> : only appears after 200 ms
 *
 * Plain elements are styled by app.css: <button class="primary|danger|ghost|small|icon">, <a class="button">, <table class="grid">,
 * .card .row .stack .toolbar .chip(.good|.bad|.unsure|.info) .count .quiet .number .crumbs .visually-hidden; sizes --s1..--s6, text
 * --t-xs..--t-xxl, colours as in app.css (text on --x-soft is --x).
 *
 * With them go, in lib/:
 *   fetched    const board = fetched<Board>(() => `/board`): .data .error .loading .again(); old data stays while it asks again
 *   live       operate(kind, topic, body, rev) · listen(topic, told, resync?) · seen(at) · live.state, live.pending, live.people
 *   optimistic view = confirmed + pending replayed
 *   toasts     toast('3 labels moved', { undo }) · complain(error)
 *   keys       $effect(() => bind([{ key: 'a', does: 'accept', group: 'label', run }]))
 *   walk       <tbody use:walk={{ open: (index) => … }}> with <tr data-row>: j, k, enter
 *   commands   $effect(() => offer([{ name: 'Invite somebody', run }])) : found by ⌘K
 *   format     percent(.942) points(.012) count(6450) plural(3, 'label') ago(at) span(seconds) day(at) moment(at) bytes(n)
 *   session    session.you, session.project, may('build')
 *   title      the shell sets `document.title`; a screen adds its object: $effect(() => titled('intent × short'))
 */
export { default as Avatar } from './Avatar.svelte'
export { default as Dialog } from './Dialog.svelte'
export { default as Drawer } from './Drawer.svelte'
export { default as Empty } from './Empty.svelte'
export { default as ErrorNote } from './ErrorNote.svelte'
export { default as Field } from './Field.svelte'
export { default as Loading } from './Loading.svelte'
export { default as Menu } from './Menu.svelte'
export { default as StateSign } from './StateSign.svelte'
export { default as Tabs } from './Tabs.svelte'
export type { Entry } from './menu'
