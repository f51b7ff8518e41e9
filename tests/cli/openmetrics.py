# SPDX-License-Identifier: GPL-3.0-or-later
"""A strict reader of OpenMetrics text 1.0, made from its grammar: what is not in it is a ValueError.

read (text) -> {family: {"type", "help", "unit", "samples": [(name, {label: value}, number)]}}

Counters end in _total, histograms have _bucket (cumulative, le rising up to +Inf), _sum and _count; families stand together, and no sample
twice. The older text format's readers, as of a textfile collector, must take it as well: so time stamps are refused here.
"""

import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
VALUE = r"(?:[^\"\\\n]|\\[n\"\\])*"
NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?[Ii]nf(?:inity)?|[Nn]a[Nn]"
META = re.compile(rf"# (TYPE|HELP|UNIT) ({NAME}) ?(.*)")
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL}=\"{VALUE}\"(?:,{LABEL}=\"{VALUE}\")*)?)\}})? ({NUMBER})")
ONE_LABEL = re.compile(rf"({LABEL})=\"({VALUE})\"")
# "Canonical" numbers of le, as the standard has them: 1.0, not 1.
CANONICAL = re.compile(r"[+]Inf|\d+\.\d+(?:e[+-]\d+)?")
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def unescape(text):
    return re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), text)


def read(text):
    if not text.endswith("# EOF\n"):
        raise ValueError("it does not end in # EOF")
    families, current, seen = {}, None, set()
    for line in text.split("\n")[:-2]:
        meta = META.fullmatch(line)
        if line.startswith("#"):
            if meta is None:
                raise ValueError(f"no metadata: {line!r}")
            kind, name, value = meta.groups()
            if name != current:
                if name in families:
                    raise ValueError(f"{name} is interleaved")
                current, families[name] = name, {"type": None, "help": None, "unit": None, "samples": []}
            family = families[name]
            if family["samples"] or family[kind.lower()] is not None:
                raise ValueError(f"out of place: {line!r}")
            family[kind.lower()] = value
            continue
        sample = SAMPLE.fullmatch(line)
        if sample is None:
            raise ValueError(f"no sample: {line!r}")
        name, labels, number = sample.groups()
        family = families.get(current)
        if family is None or family["type"] not in SUFFIXES:
            raise ValueError(f"a sample of no type: {line!r}")
        if name not in [current + suffix for suffix in SUFFIXES[family["type"]]]:
            raise ValueError(f"{name} is no sample of the {family['type']} {current}")
        pairs = ONE_LABEL.findall(labels or "")
        if len({label for label, _ in pairs}) != len(pairs):
            raise ValueError(f"a label twice: {line!r}")
        key = (name, tuple(sorted(pairs)))
        if key in seen:
            raise ValueError(f"a sample twice: {line!r}")
        seen.add(key)
        family["samples"].append((name, {label: unescape(value) for label, value in pairs}, float(number)))
    for name, family in families.items():
        check(name, family)
    return families


def check(name, family):
    if family["type"] is None:
        raise ValueError(f"{name} has no type")
    if family["unit"] and not name.endswith("_" + family["unit"]):
        raise ValueError(f"{name} does not end in its unit")
    for sample, labels, number in family["samples"]:
        if family["type"] == "counter" and not (number >= 0 and math.isfinite(number)):
            raise ValueError(f"{sample} counts {number}")
        if ("le" in labels) != sample.endswith("_bucket"):
            raise ValueError(f"{sample}{labels}: le is of buckets")
    if family["type"] == "histogram":
        check_histograms(name, family["samples"])


def check_histograms(name, samples):
    groups = {}
    for sample, labels, number in samples:
        key = tuple(sorted((label, value) for label, value in labels.items() if label != "le"))
        group = groups.setdefault(key, {"buckets": []})
        if sample.endswith("_bucket"):
            if not CANONICAL.fullmatch(labels["le"]):
                raise ValueError(f"{name}: le is {labels['le']!r}")
            group["buckets"].append((float(labels["le"]), number))
        else:
            group[sample.removeprefix(name)] = number
    for key, group in groups.items():
        bounds = [bound for bound, _ in group["buckets"]]
        counts = [count for _, count in group["buckets"]]
        if not bounds or bounds != sorted(set(bounds)) or bounds[-1] != math.inf:
            raise ValueError(f"{name}{key}: bounds {bounds}")
        if counts != sorted(counts) or counts[-1] != group.get("_count") or "_sum" not in group:
            raise ValueError(f"{name}{key}: {counts}, count {group.get('_count')}")


def value_of(families, sample, **labels):
    """The number of the one sample with these labels."""
    found = [number for family in families.values() for name, has, number in family["samples"] if (name, has) == (sample, labels)]
    if len(found) != 1:
        raise ValueError(f"{sample}{labels}: {len(found)} samples")
    return found[0]
