"""A user's text on a terminal: what is written there is shown, never obeyed.

Control characters could move the cursor, recolour the screen or type answers; direction marks could show one text and
store another. They are drawn as signs. Whoever prints the result must not read it as markup either.
"""

from __future__ import annotations

import unicodedata

_KEPT = "\u200c\u200d"  # joiners: words of Persian and Hindi, and many emoji, are misspelt without them
_LINES = str.maketrans({"\u2028": "\n", "\u2029": "\n", "\t": "    "})


def visible(text: str, *, lines: bool = False) -> str:
    r"""The text with what can't be seen made visible.

    Args:
        lines: keep line breaks and widen tabs; otherwise they are signs too, and the result is one line.

    >>> visible("pay\x1b[31m now\n\u202etxt"), visible("a\r\nb", lines=True)
    ('pay␛[31m now␊⟨202E⟩txt', 'a\nb')
    """
    if lines:
        text = text.replace("\r\n", "\n").translate(_LINES)
    if text.isprintable():
        return text
    return "".join(char if lines and char == "\n" else _sign(char) for char in text)


def _sign(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    seen = unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or char in _KEPT
    return char if seen else f"⟨{code:04X}⟩"
