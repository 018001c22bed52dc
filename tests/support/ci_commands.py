#!/usr/bin/env python3
"""Print the commands that a file for a CI service runs to check migrations.

usage: ci_commands.py <file> [<name>]

Of GitHub's workflow the step "Check migrations", of GitLab's template the
list "script", of a Jenkinsfile what stands in three quotes, of pre-commit's
manifest the entry of the hook <name>.
"""
import re
import sys


def block(lines, start):
    """What is deeper than the line `start`, which ends in "|", as it is."""
    body = []
    depth = len(lines[start]) - len(lines[start].lstrip())
    for line in lines[start + 1:]:
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            break
        body.append(line)
    indent = min(len(x) - len(x.lstrip()) for x in body if x.strip())
    return "\n".join(x[indent:] for x in body) + "\n"


def find(lines, pattern, start=0):
    for i in range(start, len(lines)):
        if re.fullmatch(pattern, lines[i]):
            return i
    sys.exit(f"{sys.argv[1]}: no {pattern}")


def main():
    text = open(sys.argv[1]).read()
    lines = text.split("\n")
    if "github" in sys.argv[1]:
        at = find(lines, " *- name: Check migrations")
        print(block(lines, find(lines, r" *run: \|", at)), end="")
    elif "gitlab" in sys.argv[1]:
        at = find(lines, " *script:")
        print(block(lines, find(lines, r" *- \|", at)), end="")
    elif "Jenkinsfile" in sys.argv[1]:
        print(text.split("'''")[1])
    else:
        at = find(lines, "- id: " + re.escape(sys.argv[2]))
        entry = lines[find(lines, "  entry: .*", at)].split(": ", 1)[1]
        print(entry)


main()
