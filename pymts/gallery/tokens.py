"""Words, numbers and signs of an equation in a docstring."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A name may carry one subscript: x_i, noise_std, B_k,ij, x_{i+1}, sum_{k=1..p}.
_TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z]+(?:_(?:\{[^{}]*\}|[A-Za-z0-9]+(?:_[A-Za-z]+|,[A-Za-z0-9]+)*))?)"
    r"|(?P<sign>\.\.\.|\.\.|->|>=|<=|!=|[-+*/^=~<>|'(),:\[\]])"
)


@dataclass(frozen=True)
class Token:
    """One piece of the text; ``spaced`` and ``trailed`` tell whether blanks precede and follow it."""

    kind: str
    text: str
    spaced: bool
    trailed: bool


class NotReadError(ValueError):
    """The text is not an equation that this parser knows."""


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a line.

    Raises
    ------
    NotReadError
        If a sign is unknown.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        spaced = text[at].isspace()
        if spaced:
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotReadError(f"unknown sign {text[at]!r} in {text!r}")
        before = at == 0 or text[at - 1].isspace()
        at = match.end()
        after = at == len(text) or text[at].isspace()
        tokens.append(Token(str(match.lastgroup), match.group(), before, after))
    return tokens
