#!/usr/bin/env python3
"""Judge the formats of `git migrate check`, by the rules of those who read
them, and against the JSON of the same report.

usage: findings_check.py <folder>        N.json, N.sarif, N.junit, ... of each N
       findings_check.py <format> <file> one document by itself

Says what is wrong and exits with 1.
"""
import glob
import json
import os
import re
import sys
import urllib.parse
import xml.etree.ElementTree as ET


def fail(text):
    raise AssertionError(text)


# --- SARIF 2.1.0, what of it is used: docs.oasis-open.org/sarif/sarif/v2.1.0
# A row is (type, required). A type is a Python type, a list of one type, a set
# of words, the name of an object below, or a pattern. Nothing else may be there.
URI = re.compile(r"([A-Za-z0-9._~/-]|%[0-9A-F]{2})*")
ID = re.compile(r"[0-9a-f]{32}")
LEVEL = {"none", "note", "warning", "error"}
SARIF = {
    "log": {"$schema": (str, False), "version": ({"2.1.0"}, True),
            "runs": (["run"], True)},
    "run": {"tool": ("tool", True), "invocations": (["invocation"], False),
            "originalUriBaseIds": ("bases", False),
            "columnKind": ({"utf16CodeUnits", "unicodeCodePoints"}, False),
            "results": (["result"], False)},
    "tool": {"driver": ("driver", True)},
    "driver": {"name": (str, True), "version": (str, False),
               "rules": (["rule"], False)},
    "rule": {"id": (str, True), "name": (str, False),
             "shortDescription": ("message", False),
             "fullDescription": ("message", False),
             "help": ("message", False),
             "defaultConfiguration": ("configuration", False)},
    "configuration": {"level": (LEVEL, False)},
    "invocation": {"executionSuccessful": (bool, True)},
    "bases": {"SRCROOT": ("base", True)},
    "base": {"description": ("message", False)},
    "message": {"text": (str, True)},
    "result": {"ruleId": (str, False), "ruleIndex": (int, False),
               "level": (LEVEL, False), "message": ("message", True),
               "locations": (["location"], False),
               "relatedLocations": (["related"], False),
               "partialFingerprints": ("fingerprints", False),
               "suppressions": (["suppression"], False),
               "properties": (dict, False)},
    "location": {"physicalLocation": ("physical", True),
                 "logicalLocations": (["logical"], False)},
    "related": {"id": (int, False), "physicalLocation": ("physical", True),
                "message": ("message", False)},
    "physical": {"artifactLocation": ("artifact", True),
                 "region": ("region", False)},
    "artifact": {"uri": (URI, True), "uriBaseId": ({"SRCROOT"}, False)},
    "region": {"startLine": (int, True), "startColumn": (int, False),
               "snippet": ("snippet", False)},
    "snippet": {"text": (str, True)},
    "logical": {"fullyQualifiedName": (str, True)},
    "fingerprints": {"gitMigrate/v1": (ID, True)},
    "suppression": {"kind": ({"inSource", "external"}, True),
                    "justification": (str, False)},
}
LEAST = {"ruleIndex": 0, "id": 0, "startLine": 1, "startColumn": 1}


def sarif_value(where, kind, value):
    if isinstance(kind, list):
        if not isinstance(value, list):
            fail(f"{where}: not an array")
        for i, item in enumerate(value):
            sarif_value(f"{where}[{i}]", kind[0], item)
    elif isinstance(kind, str):
        sarif_object(where, kind, value)
    elif isinstance(kind, set):
        if value not in kind:
            fail(f"{where}: {value!r}")
    elif isinstance(kind, re.Pattern):
        if not isinstance(value, str) or not kind.fullmatch(value):
            fail(f"{where}: {value!r}")
    elif type(value) is not kind:
        fail(f"{where}: {type(value).__name__}")


def sarif_object(where, kind, value):
    if not isinstance(value, dict):
        fail(f"{where}: not an object")
    known = SARIF[kind]
    for key, item in value.items():
        if key not in known:
            fail(f"{where}: {kind} has no {key}")
        sarif_value(f"{where}.{key}", known[key][0], item)
        if isinstance(item, int) and item < LEAST.get(key, item):
            fail(f"{where}.{key}: {item}")
    for key, (_, required) in known.items():
        if required and key not in value:
            fail(f"{where}: {kind} without {key}")


def check_sarif(text):
    log = json.loads(text)
    sarif_object("$", "log", log)
    for run in log["runs"]:
        rules = [r["id"] for r in run["tool"]["driver"]["rules"]]
        if len(set(rules)) != len(rules):
            fail("a rule twice")
        results = run["results"]
        if len({"suppressions" in r for r in results}) > 1:
            fail("some results have suppressions, others have not")
        for r in results:
            if "ruleIndex" in r and rules[r["ruleIndex"]] != r["ruleId"]:
                fail(f"ruleIndex of {r['ruleId']}")
            ids = [x["id"] for x in r["relatedLocations"]]
            if len(set(ids)) != len(ids):
                fail("a related location's id twice")
            check_message(r["message"]["text"], len(ids))
    return log


def check_message(text, n):
    """A placeholder or a link that nobody meant."""
    if re.search(r"[{}]", text.replace("{{", "").replace("}}", "")):
        fail(f"a single brace in a message: {text!r}")
    if re.search(r"\[[^\]]*\]\(", text):
        fail(f"a link in a message: {text!r}")


# --- JUnit

def check_junit(text):
    root = ET.fromstring(text)
    if root.tag != "testsuites":
        fail(root.tag)
    for suite in root:
        cases = list(suite)
        if suite.tag != "testsuite" or not all(
                c.tag == "testcase" and c.get("name") is not None and
                c.get("classname") for c in cases):
            fail("not a suite of cases")
        if int(suite.get("tests")) != len(cases):
            fail("tests is not how many there are")
        if int(suite.get("failures")) != sum(
                c.find("failure") is not None for c in cases):
            fail("failures is not how many there are")
        for c in cases:
            tags = [x.tag for x in c]
            if len(set(tags)) != len(tags) or \
                    set(tags) - {"failure", "system-out"}:
                fail(f"in a case: {tags}")
    return root


# --- GitHub, as the runner reads its commands

def unescape(text, property):
    if property:
        text = text.replace("%3A", ":").replace("%2C", ",")
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def check_github(text):
    out = []
    for line in text.split("\n")[:-1]:
        m = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        if not m:
            fail(f"not a command: {line!r}")
        properties = {}
        for pair in m[2].split(","):
            key, _, value = pair.partition("=")
            if key not in ("file", "line", "col", "title"):
                fail(f"property {key} in {line!r}")
            properties[key] = unescape(value, True)
        if "title" not in properties:
            fail(f"no title: {line!r}")
        for c in line:
            if ord(c) < 32 or 0x7f <= ord(c) < 0xa0:
                fail(f"a control character: {line!r}")
        out.append((m[1], properties, unescape(m[3], False)))
    return out


# --- GitLab

def check_gitlab(text):
    items = json.loads(text)
    if not isinstance(items, list):
        fail("not an array")
    for f in items:
        if set(f) != {"description", "check_name", "fingerprint", "severity",
                      "location"}:
            fail(f"keys {sorted(f)}")
        if f["severity"] not in ("info", "minor", "major", "critical",
                                 "blocker"):
            fail(f["severity"])
        if not f["location"]["path"] or f["location"]["lines"]["begin"] < 1:
            fail(f"location {f['location']}")
    if len({f["fingerprint"] for f in items}) != len(items):
        fail("a fingerprint twice")
    return items


# --- ours: docs/json.md, "check"

KEYS = {
    "check": ["format", "base", "ours", "theirs", "verdict", "findings",
              "counts", "refs", "checked", "replay"],
    "finding": ["rule", "level", "message", "object", "migrations", "hint",
                "slug", "waived", "diff", "fingerprint"],
    "migration": ["name", "side", "commit", "path", "line", "column", "ref",
                  "blob", "sql"],
}


def check_json(text):
    doc = json.loads(text)
    # a key may be added behind these
    if list(doc)[:len(KEYS["check"])] != KEYS["check"]:
        fail(f"keys {list(doc)}")
    if doc["verdict"] not in ("clean", "conflict", "uncertain"):
        fail(f"verdict {doc['verdict']}")
    for f in doc["findings"]:
        if list(f) != KEYS["finding"] or not ID.fullmatch(f["fingerprint"]):
            fail(f"keys {list(f)}")
        for m in f["migrations"]:
            if list(m) != KEYS["migration"]:
                fail(f"keys {list(m)}")
    for level in ("error", "warning", "note"):
        n = sum(f["level"] == level and f["waived"] is None
                for f in doc["findings"])
        if doc["counts"][level] != n:
            fail(f"counts.{level}")
    return doc


# --- what a person sees

def check_human(text):
    for c in text:
        if (ord(c) < 32 and c not in "\n\t") or 0x7f <= ord(c) < 0xa0:
            fail(f"a control character: {c!r}")
    return text


WRONG = (AssertionError, ValueError, LookupError, TypeError, ET.ParseError)

CHECKS = {"json": check_json, "sarif": check_sarif, "junit": check_junit,
          "github": check_github, "gitlab": check_gitlab, "human": check_human}


# --- one against the other

def safe(text):
    """As text_add_safe() of the program shows it."""
    out = []
    for c in text:
        if c == "\n":
            out.append("\\n")
        elif ord(c) < 32 or 0x7f <= ord(c) < 0xa0:
            out.append("".join(f"\\x{b:02x}" for b in c.encode()))
        else:
            out.append(c)
    return "".join(out)


def main_place(f):
    places = [m for m in f["migrations"] if m["path"] is not None]
    ours = [m for m in places if m["side"] == "ours"]
    return (ours + places + [None])[0]


def bytes_of(uri):
    return urllib.parse.unquote_to_bytes(uri).decode(errors="backslashreplace")


def compare_sarif(doc, log):
    results = log["runs"][0]["results"]
    if len(results) != len(doc["findings"]):
        fail("results")
    for f, r in zip(doc["findings"], results):
        place = main_place(f)
        text = r["message"]["text"].replace("{{", "{").replace("}}", "}")
        want = safe(f["message"]).replace("](", "] (")
        if not text.startswith(want) or f["level"] != r["level"] or \
                f["rule"] != r["ruleId"]:
            fail(f"result {text!r}, not {want!r}")
        if [s["justification"] for s in r["suppressions"]] != \
                ([] if f["waived"] is None else [f["waived"]]):
            fail("suppressions")
        if r["partialFingerprints"]["gitMigrate/v1"] != f["fingerprint"]:
            fail("fingerprint")
        if not place:
            if r["locations"]:
                fail("a location from nowhere")
            continue
        at = r["locations"][0]["physicalLocation"]
        if bytes_of(at["artifactLocation"]["uri"]) != place["path"]:
            fail(f"uri {at}")
        if at.get("region", {}).get("startLine") != place["line"]:
            fail(f"region {at}")
        if place["line"] and place["sql"] is not None and \
                at["region"]["snippet"]["text"] != place["sql"]:
            fail(f"snippet {at}")
        others = [m["path"] for m in f["migrations"]
                  if m["path"] is not None and m is not place]
        if [bytes_of(x["physicalLocation"]["artifactLocation"]["uri"])
                for x in r["relatedLocations"]] != others:
            fail("relatedLocations")


def counting(doc):
    return [f for f in doc["findings"] if f["waived"] is None]


def compare_github(doc, commands):
    words = {"note": "notice", "warning": "warning", "error": "error"}
    if len(commands) != len(counting(doc)):
        fail("commands")
    for f, (word, properties, text) in zip(counting(doc), commands):
        place = main_place(f)
        path = place and safe(place["path"])
        line = place and place["line"] and str(place["line"])
        if word != words[f["level"]] or \
                properties["title"] != safe(f"{f['rule']} {f['slug']}") or \
                properties.get("file") != path or \
                properties.get("line") != line or \
                text.split("\n")[0] != safe(f["message"]):
            fail(f"{word} {properties} {text!r}")


def compare_gitlab(doc, items):
    if len(items) != len(counting(doc)):
        fail("items")
    for f, item in zip(counting(doc), items):
        place = main_place(f)
        if item["check_name"] != f["rule"] or \
                not item["fingerprint"].startswith(f["fingerprint"]) or \
                item["description"].split("\n")[0] != safe(f["message"]) or \
                (place and item["location"]["path"] != place["path"]):
            fail(f"{item}")


def compare_junit(doc, root):
    cases = list(root[0])
    names = [c.get("name") for c in cases]
    want = [xml(safe(n)) for n in doc["checked"]]
    if names[:len(want)] != want:
        fail(f"names {names}")
    text = "".join(root.itertext())
    for f in doc["findings"]:
        if xml(safe(f["message"])) not in text:
            fail(f"no {f['message']!r}")
    failed = sum(c.find("failure") is not None for c in cases)
    errors = [f for f in counting(doc) if f["level"] == "error"]
    if failed > len(errors) or bool(failed) != bool(errors):
        fail(f"{failed} of {len(errors)} failed")


def xml(text):
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def compare_human(doc, text):
    for f in counting(doc):
        if f"{f['level']}: {safe(f['message'])} [{safe(f['rule'])}]\n" \
                not in text:
            fail(f"no {f['message']!r}")
    last = text.rstrip("\n").split("\n")[-1]
    for level in ("error", "warning", "note"):
        n = doc["counts"][level]
        if n and f"{n} {level}" not in last:
            fail(f"{last!r} does not count {level}s")


COMPARE = {"sarif": compare_sarif, "junit": compare_junit,
           "github": compare_github, "gitlab": compare_gitlab,
           "human": compare_human}


def read(path):
    with open(path, "rb") as f:
        return f.read().decode("utf-8")  # never bytes that are no text


def check_folder(folder):
    n = 0
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        doc = check_json(read(path))
        for name, compare in COMPARE.items():
            other = path[:-len("json")] + name
            try:
                compare(doc, CHECKS[name](read(other)))
            except WRONG as e:
                sys.exit(f"{other}: {type(e).__name__}: {e}")
        n += 1
    if not n:
        sys.exit(f"{folder}: nothing to check")
    print(n)


def main():
    if len(sys.argv) == 2:
        check_folder(sys.argv[1])
        return
    try:
        CHECKS[sys.argv[1]](read(sys.argv[2]))
    except WRONG as e:
        sys.exit(f"{sys.argv[2]}: {type(e).__name__}: {e}")


main()
