#!/bin/sh
# What each library exports is what its symbol map says, no more and no less.
. "${top_srcdir:-.}/tests/tap.sh"

# The names of a map, without its wildcard.
map_names() {
	sed -n '/global:/,/local:/s/^[[:space:]]*\([A-Za-z_][A-Za-z0-9_]*\);.*/\1/p' \
		"$1" | sort
}

# The defined names of a shared object, without its version nodes.
exported_names() {
	# shellcheck disable=SC2086 # it may have options
	$NM -D --defined-only "$1" |
		awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort
}

for lib in shmx shmfb; do
	map=$top_srcdir/lib/$lib/$lib.map
	so=$top_builddir/lib/$lib/.libs/lib$lib.so
	map_names "$map" >"$tap_tmp/map"
	exported_names "$so" >"$tap_tmp/so"
	ok "lib$lib exports something" test -s "$tap_tmp/so"
	ok "lib$lib exports what its map says" \
		diff -u "$tap_tmp/map" "$tap_tmp/so"
	not_ok "lib$lib: all names have the library's prefix" \
		grep -v "^${lib}_" "$tap_tmp/map"
	for name in $(cat "$tap_tmp/map"); do
		grep -qw "$name" "$top_srcdir/lib/$lib"/*.h || echo "$name"
	done >"$tap_tmp/undeclared"
	is "lib$lib: all of the map is declared" \
		"$(cat "$tap_tmp/undeclared")" ""
done

done_testing
