#!/bin/sh
# Each public header stands alone: as C99, as C11, and as C++17.
. "${top_srcdir:-.}/tests/tap.sh"

warnings='-Wall -Wextra -pedantic -Werror'

compiles() { # COMPILER LANGUAGE STANDARD HEADER
	printf '#include <%s>\n#include <%s>\n' "$4" "$4" >"$tap_tmp/t.$2"
	# The compiler may be several words.
	# shellcheck disable=SC2086
	$1 -x "$2" -std="$3" $warnings -fsyntax-only \
		-I"$top_srcdir/lib" "$tap_tmp/t.$2"
}

cxx=
for candidate in g++ clang++ c++; do
	if command -v "$candidate" >/dev/null; then
		cxx=$candidate
		break
	fi
done

# The headers that get installed, and no other.
headers=$(sed -n '/_HEADERS/,/[^\\]$/p' "$top_srcdir"/lib/*/local.mk |
	grep -o '%D%/[a-z0-9-]*\.h' | sed 's,.*/,,' | sort -u)
for name in $headers; do
	path=$(cd "$top_srcdir/lib" && ls -d shm*/"$name")
	ok "<$path> is C99" compiles "$CC" c c99 "$path"
	ok "<$path> is C11" compiles "$CC" c c11 "$path"
	if [ -n "$cxx" ]; then
		ok "<$path> is C++17" compiles "$cxx" c++ c++17 "$path"
	else
		skip "<$path> is C++17" "no C++ compiler"
	fi
	not_ok "<$path> needs no config.h and no atomics" \
		grep -nE '#[[:space:]]*include.*(config\.h|stdatomic\.h)' \
		"$top_srcdir/lib/$path"
done

# The check can fail.
printf 'int f(void) { return undeclared_name; }\n' >"$tap_tmp/bad.h"
printf 'int f(void);\n' >"$tap_tmp/good.h"
CPATH=$tap_tmp
export CPATH
ok "a good header passes" compiles "$CC" c c11 good.h
not_ok "a bad header is found" compiles "$CC" c c11 bad.h

done_testing
