"""Converts equations in docstrings to MathML, which browsers render natively."""

from __future__ import annotations

import re
from html import escape

from pymts.gallery.tokens import NotReadError, Token, tokenize

_LETTERS = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"),
    *("xi", "omicron", "pi", "rho", "final sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
GREEK = {name: chr(ord("\u03b1") + place) for place, name in enumerate(_LETTERS)} | {"eps": "\u03b5"}
GREEK |= {name.capitalize(): symbol.upper() for name, symbol in GREEK.items()}
SIGNS = {"-": "\u2212", "~": "\u223c", "'": "\u2032", "...": "\u2026", "..": "\u2026", "->": "\u2192", "*": "\u00b7"}
SIGNS |= {">=": "\u2265", "<=": "\u2264", "!=": "\u2260"}
RELATIONS = frozenset({"=", "~", "<", ">", "<=", ">=", "!=", "->", "+", "-", ",", ":", "..", "...", "*"})
BIG = {"sum": "\u2211", "prod": "\u220f"}
OPEN, CLOSE = frozenset("(["), frozenset(")]")
DIFFERENTIAL = re.compile(r"d([A-Za-z])(_.*)?")


def is_equation(paragraph: str) -> bool:
    """Return whether a paragraph is an equation; prose ends in a full stop."""
    return bool(re.search(r"[=~]", paragraph)) and not paragraph.rstrip().endswith(".")


def clauses(paragraph: str) -> list[str]:
    """Return the equations of a paragraph: one per line, or several separated by three blanks."""
    return [
        part.strip().rstrip(",")
        for line in paragraph.splitlines()
        for part in re.split(r"(?<=,) {2,}", line)
        if part.strip()
    ]


def mathml(text: str) -> str:
    """Return a ``<math>`` element, with the source text as a fallback.

    Raises
    ------
    NotReadError
        If the text holds what the reader does not know.
    """
    reader = _Reader(tokenize(text))
    body = reader.row(frozenset())
    return (
        f'<math display="block" alttext="{escape(text)}"><semantics><mrow>{body}</mrow>'
        f'<annotation encoding="text/plain">{escape(text)}</annotation></semantics></math>'
    )


def _sign(text: str) -> str:
    return f"<mo>{escape(SIGNS.get(text, text))}</mo>"


def _symbol(name: str) -> str:
    """Return a name without subscript: Greek, one letter in italics, or a word upright."""
    if name in GREEK:
        return f"<mi>{GREEK[name]}</mi>"
    if len(name) == 1:
        return f"<mi>{name}</mi>"
    return f'<mi mathvariant="normal">{escape(name)}</mi>'


def _subscript(text: str) -> str:
    if text.startswith("{"):
        return f"<mrow>{_Reader(tokenize(text[1:-1])).row(frozenset())}</mrow>"
    if "," in text:
        return "<mrow>" + "<mo>,</mo>".join(map(_subscript, text.split(","))) + "</mrow>"
    if text.isdigit():
        return f"<mn>{text}</mn>"
    if text in GREEK or len(text) > 2:
        return _symbol(text)
    return "<mrow>" + "".join(_symbol(letter) for letter in text) + "</mrow>"


class _Reader:
    """One pass over the tokens; every method returns MathML and advances past what it read."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self, ahead: int = 0) -> Token | None:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else None

    def row(self, until: frozenset[str]) -> str:
        """Read products and the operators between them, up to a closing sign."""
        parts: list[str] = []
        while (token := self.peek()) is not None and token.text not in until:
            if token.text in CLOSE:
                raise NotReadError("a bracket closes that none opened")
            if token.text in RELATIONS or (token.text == "|" and token.spaced and token.trailed):
                self.at += 1
                parts.append(_sign(token.text))
            elif self._is_prose():
                parts.append(self._prose())
            else:
                parts.append(self._product(until))
        return "".join(parts)

    def _is_prose(self) -> bool:
        """Return whether the next token is a word that is neither a symbol nor a function."""
        token, after = self.peek(), self.peek(1)
        if token is None or token.kind != "name" or "_" in token.text or len(token.text) < 2:
            return False
        if token.text in GREEK or token.text in BIG or DIFFERENTIAL.fullmatch(token.text):
            return False
        called = after is not None and after.text in OPEN and not after.spaced
        raised = after is not None and after.text in "^'|" and not after.spaced
        return not (called or raised)

    def _prose(self) -> str:
        """Read words up to the next sign, as text."""
        words = []
        while self._is_prose() and (token := self.peek()) is not None:
            words.append(token.text)
            self.at += 1
        return f"<mtext>\u00a0{escape(' '.join(words))}\u00a0</mtext>"

    def _product(self, until: frozenset[str]) -> str:
        """Read adjacent factors; a slash divides everything before it, or only the differential."""
        factors: list[str] = []
        while (token := self.peek()) is not None:
            ends = token.text in until or token.text in CLOSE or token.text in RELATIONS
            if ends or (token.text == "|" and token.spaced and token.trailed) or (factors and self._is_prose()):
                break
            if token.text == "/":
                self.at += 1
                after = self.peek()
                derivative = after is not None and DIFFERENTIAL.fullmatch(after.text) is not None
                above, factors = (factors[-1:], factors[:-1]) if derivative else (factors, [])
                below = self._factor(bare=True)
                factors.append(f"<mfrac><mrow>{''.join(above)}</mrow><mrow>{below}</mrow></mfrac>")
            else:
                factors.append(self._factor())
        return '<mspace width="0.17em"/>'.join(factors)

    def _factor(self, *, bare: bool = False) -> str:
        """Read an atom with its arguments, exponent and primes; ``bare`` drops the brackets around it."""
        atom = self._atom(bare)
        while (token := self.peek()) is not None and not token.spaced:
            if token.text == "^":
                self.at += 1
                atom = f"<msup><mrow>{atom}</mrow><mrow>{self._exponent()}</mrow></msup>"
            elif token.text == "'":
                self.at += 1
                atom += _sign(token.text)  # the glyph is already raised
            else:
                break
        return atom

    def _exponent(self) -> str:
        token = self.peek()
        minus = token is not None and token.text == "-"
        self.at += minus
        return ("<mo>\u2212</mo>" if minus else "") + self._atom(bare=True)

    def _atom(self, bare: bool = False) -> str:
        token = self.peek()
        if token is None:
            raise NotReadError("an equation breaks off")
        self.at += 1
        if token.kind == "number":
            return f"<mn>{token.text}</mn>"
        if token.kind == "name":
            return self._name(token)
        if token.text in OPEN:
            return self._bracket(token.text, bare)
        if token.text == "|":
            inside = self.row(frozenset("|"))
            self._close(frozenset("|"))
            return f'<mrow><mo stretchy="false">|</mo>{inside}<mo stretchy="false">|</mo></mrow>'
        raise NotReadError(f"nothing can begin with {token.text!r}")

    def _bracket(self, opening: str, bare: bool = False) -> str:
        inside = self.row(CLOSE)
        closing = self._close(CLOSE)
        alone = inside.startswith("<mfrac>") and inside.endswith("</mfrac>") and inside.count("<mfrac>") == 1
        if opening == "(" and closing == ")" and (bare or alone):
            return f"<mrow>{inside}</mrow>"
        return f'<mrow><mo fence="true">{opening}</mo>{inside}<mo fence="true">{closing}</mo></mrow>'

    def _close(self, closing: frozenset[str]) -> str:
        token = self.peek()
        if token is None or token.text not in closing:
            raise NotReadError("a bracket is left open")
        self.at += 1
        return token.text

    def _name(self, token: Token) -> str:
        base, _, below = token.text.partition("_")
        after = self.peek()
        called = after is not None and after.text == "(" and not after.spaced
        if base in BIG:
            return self._big(BIG[base], below)
        if base == "sqrt" and called:
            self.at += 1
            return f"<msqrt>{self._bracket('(', bare=True)}</msqrt>"
        differential = DIFFERENTIAL.fullmatch(token.text)
        if token.text == "d" and after is not None and after.kind == "name":
            return f'<mrow><mi mathvariant="normal">d</mi>{self._atom()}</mrow>'
        if differential and base not in GREEK:
            letter = _with_subscript(differential[1], (differential[2] or "")[1:])
            return f'<mrow><mi mathvariant="normal">d</mi>{letter}{self._arguments()}</mrow>'
        return _with_subscript(base, below) + self._arguments()

    def _arguments(self) -> str:
        token = self.peek()
        if token is None or token.text not in OPEN or token.spaced:
            return ""
        self.at += 1
        return self._bracket(token.text).replace("<mrow>", "<mrow><mo>\u2061</mo>", 1)

    @staticmethod
    def _big(sign: str, below: str) -> str:
        operator = f'<mo largeop="true">{sign}</mo>'
        if ".." in below:
            first, last = below.strip("{}").split("..")
            low, high = (_Reader(tokenize(end)).row(frozenset()) for end in (first, last))
            return f"<munderover>{operator}<mrow>{low}</mrow><mrow>{high}</mrow></munderover>"
        return f"<munder>{operator}{_subscript(below)}</munder>" if below else operator


def _with_subscript(base: str, below: str) -> str:
    if not below:
        return _symbol(base)
    if len(base) > 1 and base not in GREEK and len(below) > 1 and not below.startswith("{"):
        return f'<mi mathvariant="normal">{base}_{escape(below)}</mi>'  # a parameter such as noise_std
    return f"<msub>{_symbol(base)}{_subscript(below)}</msub>"
