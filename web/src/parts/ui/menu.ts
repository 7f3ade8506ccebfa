/** An entry of a menu: a link, or something to do. `null` in a list of them draws a line. */
export type Entry = { name: string; run?: () => void; href?: string; key?: string; checked?: boolean; danger?: boolean; disabled?: boolean }
