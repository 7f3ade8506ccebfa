import { mount } from 'svelte'
import './app.css'
import App from './App.svelte'
import * as line from './lib/live.svelte'
import { wear } from './lib/theme.svelte'

// For the browser's console, and for tests that ask for more than a hand can.
Object.assign(window, { adequate: line })

wear()
export default mount(App, { target: document.getElementById('app')! })
