"""Write ``saturn_snn/layers.py`` from the JSON Schema of scenarios: ``python tools/layers.py < schema.json``."""

import json
import re
import sys
import textwrap

NAMES = {
    "lif": "LIF",
    "alif": "ALIF",
    "cuba_lif": "CubaLIF",
    "adlif": "AdLIF",
    "resonate_and_fire": "ResonateAndFire",
    "li": "LI",
    "linear": "Linear",
    "rnn": "RNN",
    "gru": "GRU",
    "lstm": "LSTM",
    "input_gated_rnn": "InputGatedRNN",
    "surprisal_rnn": "SurprisalRNN",
    "windowed_attention": "WindowedAttention",
    "ssm": "SSM",
    "lru": "LRU",
    "selective_ssm": "SelectiveSSM",
    "spiking_ssm": "SpikingSSM",
    "ssm_block": "SSMBlock",
}
SIZES = ("hidden", "width", "outputs", "out")
HEAD = '''"""Layers: one function a kind, with its settings as keyword arguments.

Written by ``tools/layers.py`` from the schema of scenarios; do not edit it by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

__all__ = [
    "Layer",
%s]


class Layer(NamedTuple):
    """A layer: its kind and its settings, as in a scenario.

    Attributes
    ----------
    kind : str
        Key of the kind, such as ``"lif"``.
    settings : mapping
        Its settings; those that are left out have their defaults.
    """

    kind: str
    settings: Mapping[str, Any]


def _layer(function: Callable[..., Layer], kind: str, **settings: Any) -> Layer:
    usual = function.__kwdefaults__ or {}
    return Layer(kind, {key: value for key, value in settings.items() if value != usual.get(key)})
'''


def kind_of(schema, definitions):
    """The Python type of a value."""
    if "$ref" in schema:
        return kind_of(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    simple = {"integer": "int", "number": "float", "boolean": "bool", "string": "str"}
    kind = schema.get("type")
    if isinstance(kind, str) and kind in simple:
        return f'Literal["{schema["const"]}"]' if "const" in schema else simple[kind]
    if kind == "array":
        item = kind_of(schema["items"], definitions) if "items" in schema else "Any"
        return f"Sequence[{item}]"
    if kind == "object":
        return "Mapping[str, Any]"
    if "enum" in schema and kind in (None, "string"):
        return "Literal[%s]" % ", ".join(json.dumps(value) for value in schema["enum"])
    if isinstance(kind, list):
        kinds = [kind_of({**schema, "type": one}, definitions) for one in kind if one != "null"]
        return " | ".join(dict.fromkeys(kinds))
    parts = [kind_of(part, definitions) for part in schema.get("oneOf", schema.get("anyOf", []))]
    constants = [part[len("Literal["):-1] for part in parts if part.startswith("Literal[")]
    others = [part for part in dict.fromkeys(parts) if not part.startswith("Literal[")]
    if constants:
        others.insert(0, "Literal[%s]" % ", ".join(dict.fromkeys(constants)))
    return " | ".join(others) or "Any"


def plain(text):
    """Markdown of doc comments as reStructuredText."""
    text = re.sub(r"\[`([^`]*)`\](\([^)]*\))?", r"``\1``", " ".join(text.split()))
    return re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", text)


def literal(default):
    """The default as Python, or None for one that is described in words."""
    if isinstance(default, bool) or isinstance(default, (int, float, str)):
        return repr(default)
    if isinstance(default, list):
        return repr(tuple(default))
    return None


def function(key, description, config, definitions):
    """The function of one kind of layer."""
    properties = config.get("properties", {})
    sizes = [name for name in properties if name in SIZES][:1]
    order = sizes + [name for name in properties if name not in sizes]
    arguments, documented = [], []
    for i, name in enumerate(order):
        schema = properties[name]
        default = literal(schema.get("default"))
        kind = kind_of(schema, definitions)
        optional = kind if default is not None else f"{kind} | None"
        if i == len(sizes):
            arguments.append("*,")
        arguments.append(f"{name}: {optional} = {default},")
        shown = f"default {default}" if default is not None else "optional"
        documented.append(f"{name} : {kind.replace(chr(34), chr(39))}, {shown}")
        text = plain(schema.get("description", ""))
        documented += textwrap.wrap(text, 105, initial_indent="    ", subsequent_indent="    ")
    lines = [f"def {NAMES[key]}("]
    lines += [f"    {argument}" for argument in arguments]
    lines += [") -> Layer:"]
    head = textwrap.wrap(plain(description), 108)
    if documented:
        lines.append(f'    """{head[0]}')
        lines += [f"    {line}" for line in head[1:]]
        lines += ["", "    Parameters", "    ----------"]
        lines += [f"    {line}" for line in documented]
        lines.append('    """')
    else:
        lines.append(f'    """{head[0]}"""')
    given = ", ".join(f"{name}={name}" for name in order)
    call = textwrap.wrap(given, 108)
    lines.append("    return _layer(")
    lines.append(f"        {NAMES[key]},")
    lines.append(f'        "{key}",')
    lines += [f"        {line}" for line in call]
    lines.append("    )")
    return "\n".join(lines)


def main():
    """Write the module to standard output."""
    schema = json.load(sys.stdin)
    definitions = schema["$defs"]
    functions = []
    for kind in definitions["Layer"]["oneOf"]:
        for key, reference in kind.get("properties", {}).items():
            if key in NAMES:
                config = definitions[reference["$ref"].rsplit("/", 1)[1]]
                functions.append(function(key, kind["description"], config, definitions))
    names = "".join(f'    "{name}",\n' for name in NAMES.values())
    print(HEAD % names + "\n\n" + "\n\n\n".join(functions))


main()
