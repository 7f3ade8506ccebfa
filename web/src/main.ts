import { mount } from 'svelte'
import './app.css'
import App from './App.svelte'
import { wear } from './lib/theme.svelte'

wear()
export default mount(App, { target: document.getElementById('app')! })
