"""Who comes in: the guard at the door, sessions, invites, tokens, passwords, providers."""
