"""Hostile inputs: valid ones mutated, and a grammar of known names with values that do not belong there."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from pymts.models.registry import MODELS
from pymts.store import disk
from pymts.store.format.sidecar import SELF

DOCUMENTS = (
    b"seed: 42\nconfigs:\n  - model: kuramoto\n    M: [5, 10]\n    T: 50\n    K: [0.5, 2.0]\n    n_realizations: 3\n",
    b"defaults: {M: 3, T: 9}\nconfigs:\n- {model: var, p: [1, 2], rho: 0.9}\n- {model: cml, r: 3.8, eps: 0.2}\n",
    (
        b"configs:\n- model: ou\n  Theta: [[1.0, 0.5], [0.0, 2.0]]\n  M: 2\n  T: 4\n"
        b"- {model: gbm, sigma: {sweep: [0.1, 1e-2]}}\n"
    ),
    b'- {"model": "ar", "phi": {"value": [0.5, 0.1]}, "T": 8, "seed": [1, 2]}\n- model: noise_cauchy\n  gamma: 2\n',
    b"configs: &a\n- &b {model: noise_gaussian, T: 3, M: 2, Sigma: [[2, -0.8], [-0.8, 1]]}\n- *b\n",
)
TOKENS = (
    b"&a ", b"*a", b"<<: *a\n", b"!!python/object/apply:os.system [id]", b"!!binary aGk=", b"1e999", b".nan",
    b"-.inf", b"9" * 500, b"9" * 60, b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"../../etc/passwd",
    b"---\n", b"...\n", b"{sweep: [1]}", b"{value: ", b"[" * 40, b"{a: " * 25, b"? ", b": ", b"- ", b"\t", b"\r\n",
    b"\xc2\x85", b"\xe2\x80\xa8", b"null", b"~", b"true", b"0x10", b"010", b"1:30", b"-1", b"0", b"1e3", b'"\\u0000"',
    b"'", b'"', b"|\n  x\n", b">-\n", b"outdir: /tmp/away\n", b"cache: true\n", b"model: ../up\n", b"seed: null\n",
    b"T: 1000000000\n", b"configs: []\n", b"%YAML 1.1\n", b"#", b"@", b"`", b"\x1b[31m",
)  # fmt: skip
HOSTILE: tuple[Any, ...] = (
    0, 1, 2, -1, 3, 0.5, 1.0, 1e308, -1e308, 1e-320, 1e400, float("nan"), True, False, None, "", "x", "../../up",
    "a\nb", "\x00", "auto", "sin", 2**31, 2**53, 2**63, 2**64, 10**30, [], [[]], [[[]]], [1, 2], [0.5],
    [1, "x", None], [[1, 0], [0, 1]], [[1], [2, 3]], {}, {"sweep": [1, 2]}, {"sweep": []}, {"sweep": 3},
    {"value": [1, 2]}, {"value": None}, {"a": 1}, [1e308, 1e308], list(range(40)), "9" * 300, "é", "\u2028", "\ud800",
)  # fmt: skip


def mutated(random_numbers: random.Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    """Change a text in one to four places."""
    for _ in range(random_numbers.randint(1, 4)):
        at, until = sorted(random_numbers.randint(0, len(raw)) for _ in range(2))
        until = min(until, at + 40)
        other = random_numbers.choice(others)
        match random_numbers.randrange(8):
            case 0:
                raw = raw[:at] + bytes([random_numbers.randrange(256)]) + raw[at + 1 :]
            case 1:
                raw = raw[:at] + raw[until:]
            case 2:
                raw = raw[:at] + raw[at:until] * random_numbers.randint(2, 20) + raw[until:]
            case 3 | 4:
                raw = raw[:at] + random_numbers.choice(TOKENS) + raw[at:]
            case 5:
                raw = raw[:at] + other[random_numbers.randint(0, len(other)) :]
            case 6:
                raw = raw[:at]
            case _:
                lines = raw.splitlines(keepends=True)
                random_numbers.shuffle(lines)
                raw = b"".join(lines)
    return raw


def grown(random_numbers: random.Random) -> bytes:
    """Write a grid by a grammar: known names, hostile values."""

    def record() -> Any:
        if random_numbers.random() < 0.05:
            return random_numbers.choice(HOSTILE)
        model = random_numbers.choice([*MODELS, "vra", "../up", 3] if random_numbers.random() < 0.1 else [*MODELS])
        fields = [*MODELS[model].params.model_fields] if model in MODELS else ["M"]
        given: dict[str, Any] = {"model": model, "T": random_numbers.randint(1, 30)}
        for name in random_numbers.sample([*fields, "nonsense", "random_state"], random_numbers.randint(0, 3)):
            given[name] = random_numbers.choice(HOSTILE)
        return given

    grid: Any = {"configs": [record() for _ in range(random_numbers.randint(0, 3))]}
    for key in ("seed", "defaults", "configs", "Configs"):
        if random_numbers.random() < 0.08:
            grid[key] = random_numbers.choice(HOSTILE)
    text = json.dumps(grid, ensure_ascii=random_numbers.random() < 0.5, indent=random_numbers.choice((None, 1)))
    return text.encode("utf-8", "surrogatepass")


def sealed(raw: bytes) -> bytes:
    """Return metadata with the digest that they should have, as a forger would."""
    _, _, rest = raw.partition(b",\n")
    return f'{{\n "{SELF}": "{disk.digest(rest)}",\n'.encode("ascii") + rest


def edited(random_numbers: random.Random, raw: bytes) -> bytes:
    """Change a value somewhere in metadata, and seal them."""
    content = json.loads(raw)
    del content[SELF]
    node: Any = content
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = random_numbers.choice(keys)
        if not isinstance(node[key], dict | list) or not node[key] or random_numbers.random() < 0.1:
            break
        node = node[key]
    if random_numbers.random() < 0.15:
        del node[key]
    else:
        node[key] = random_numbers.choice((*HOSTILE, "<f8", "<f4", "|O", "<U9", "data", "time", "0" * 32))
    rest = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in content.items())
    return sealed(f'{{\n "{SELF}": "",\n{rest}\n}}\n'.encode("ascii"))
