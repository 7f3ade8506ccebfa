"""Live: operations go up, events come down, over one WebSocket a tab.

    hub         takes operations, commits those that arrive together, tells who listens
    sockets     one tab: its frames in order, its bounded queue, its end
    frames      what may come up, what goes down
    visible     who may see an event
    policies    how each task is labelled (blind, overlap ...), and which examples are sealed
    past        events read from the table: what a tab missed, what another process recorded
    pump        tells what this process did not record itself
    pace        how fast one person may ask
    presence    who is where, never stored
    counts      how much waits and how many labels there are, on the board

Frames are JSON texts. Up:

    {t: "op", op, topic, kind, body, rev}    an operation, named by its author; at most 64 kB
    {t: "sub", topics, since: {topic: seq}}  tell me of these; first what came after the event `seq`, in order
    {t: "unsub", topics}
    {t: "seen", at: {example, ...}}          I am here; `at.topic` where it isn't an example
    {t: "ping"}, {t: "pong"}

Down:

    {t: "ready", build, you, role, seq}      at once; `seq` is the last event there is
    {t: "subbed", topics, seq}               a `sub` holds: what came before has been sent
    {t: "ack", op, seq, rev}                 committed; its last event is `seq`
    {t: "nack", op, why, remedy, current, again}   refused. `again`: nothing is wrong with it, send it later
    {t: "ev", seq, op, topic, by, at, kind, body}  an event; without `seq` on `board`: worked out, kept nowhere
    {t: "presence", topic, who: [{id, name, at}]}
    {t: "resync", topic}                     too much was missed: read it anew
    {t: "ping"}, {t: "pong"}                 every 20 s; the answer to one
    {t: "bye", why}                          the socket ends

Closing codes: 1009 a frame too large to be read, 1012 the server ends, 4008 2,000 frames behind, 4400 not this
protocol (don't come back with the same), 4401 the role was changed or taken away.
"""

from adequate.studio.live.hub import Hub

__all__ = ["Hub"]
