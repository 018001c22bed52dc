#!/usr/bin/env python3
"""Write the examples of docs/rules.md into folders.

usage: rules_examples.py <rules.md> <folder>

<folder>/GM104/reported/{base,ours,theirs}/1_a.sql, and /fine; a file "rm" in
one of the three has names that go; "dialect" beside them where one is given.
"""
import os
import re
import sys


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a") as f:
        f.write(text)


def example(folder, block):
    for side in ("base", "ours", "theirs"):
        os.makedirs(os.path.join(folder, side))
    where = None
    for line in block.splitlines(keepends=True):
        mark = re.fullmatch(r"-- (base|ours|theirs|dialect): (rm )?(\S+)\n",
                            line)
        if not mark:
            write(where, line)
        elif mark[1] == "dialect":
            write(os.path.join(folder, "dialect"), mark[3] + "\n")
        elif mark[2]:
            write(os.path.join(folder, mark[1], "rm"), mark[3] + "\n")
        else:
            where = os.path.join(folder, mark[1], mark[3])


def main():
    text = open(sys.argv[1]).read()
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        rule = re.match(r"GM\d+", section)
        if not rule:
            continue
        for word in ("Reported", "Fine"):
            block = re.search(rf"\*\*{word}\*\*\n\n```sql\n(.*?)```", section,
                              re.S)
            if not block:
                sys.exit(f"{rule[0]} has no example that is {word.lower()}")
            example(os.path.join(sys.argv[2], rule[0], word.lower()), block[1])


main()
