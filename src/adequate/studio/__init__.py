"""The studio: the web app's server. HTTP and WebSocket over one project, and the built page.

    serve       run it (`server`)
    app         the ASGI application: routes, errors, headers
    context     what every route is given: the project, the store, the hub, the person who asks
    roles       who may do what, in one table
    auth/       sessions, invites, tokens, passwords, the guard at the door
    live/       the hub: sockets, topics, presence; operations become events, events reach those who may see them
    ops/        the operations, one kind of thing a file
    api/        the routes, one screen a file
    engine      the loop, turned beside the server in a process of its own
    worker      heavy reading (search, maps, boards), in another

One process owns the project (SQLite) or several share it (PostgreSQL). Words as in `DESIGN.md`, no second way to write
a label: what a browser says goes through `ops`, becomes an event of the store, and is acknowledged after its commit.
"""
