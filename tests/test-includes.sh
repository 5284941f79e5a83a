#!/bin/sh
# Who may include what: base <- shmx <- shmfb <- tools, demos.
#
# A file includes its own directory's headers by name ("ring.h"), base's as
# "base/fd.h", and a library's public ones as <shmx/shmx.h>.
. "${top_srcdir:-.}/tests/tap.sh"

windowing='(xcb|X11|xkbcommon|SDL2?|pixman[^>]*)[/.>]'

# includes FILE...: lines of "FILE:<header>" or 'FILE:"header"'.
includes() {
	for file; do
		[ -f "$file" ] || continue
		sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*\([<"][^>"]*[>"]\).*/\1/p' \
			"$file" | sed "s,^,$file:,"
	done
}

# Print all that breaks a rule in the tree $1; print nothing if it is clean.
violations() {
	cd "$1" || return

	# Every quoted header is of the same directory, or base's.
	for dir in lib/base lib/shmx lib/shmfb tools demos demos/*; do
		includes "$dir"/*.[ch] | grep '"' | while IFS=: read -r file header; do
			name=$(echo "$header" | tr -d '"')
			case $name in
			config.h) ;;
			base/*) [ -f "lib/$name" ] || echo "$file: $header" ;;
			*/*) echo "$file: $header" ;;
			*) [ -f "$dir/$name" ] || echo "$file: $header" ;;
			esac
		done
	done

	# base knows nobody.
	includes lib/base/*.[ch] | grep -E "<(shmx|shmfb)/|<$windowing"
	# shmx knows libc and base.
	includes lib/shmx/*.[ch] | grep -E "<shmfb/|<$windowing"
	# One file has the atomics.
	includes lib/*/*.[ch] | grep '<stdatomic\.h>' |
		grep -v '^lib/shmx/atomic\.h:'
	# The lock-free core makes no system call, so it includes none; nor do
	# those who parse what others wrote.
	includes lib/shmx/ring*.[ch] lib/shmx/atomic.h lib/shmx/layout.h \
		lib/shmx/kill.h \
		lib/shmx/tlv.[ch] lib/shmx/checksum.[ch] lib/shmx/control.[ch] |
		grep -vE ':("config\.h"|"(ring|ring-[a-z]*|atomic|kill|layout|tlv|checksum|control)\.h"|"base/base\.h"|<shmx/[a-z0-9-]+\.h>|<(assert|errno|inttypes|limits|stdatomic|stdalign|stdbool|stddef|stdint|string)\.h>)$'
	# Conversion and scaling know nothing of the server.
	includes lib/shmfb/convert*.[ch] lib/shmfb/pixel.[ch] \
		lib/shmfb/view.[ch] |
		grep -E '<(xcb|X11)/|"(display|window)\.h"'
	# And they alone know of pixman.
	includes lib/shmfb/*.[ch] | grep '<pixman' |
		grep -vE '^lib/shmfb/(convert|pixel)\.c:'
	# Demos are what a stranger could have written; those of several files
	# have a directory of their own.
	includes demos/*.[ch] | grep -E '"|<(xcb|X11)/'
	includes demos/*/*.[ch] | grep -E '"(config\.h|base/.*)"|<(xcb|X11)/'
	# Public headers include public headers.
	includes lib/shmx/shmx*.h lib/shmfb/shmfb*.h | grep '"'
	# What judges our wire shares nothing with it.
	includes tests/v2/*.[ch] | grep -E '"|<(shmx|shmfb|base)/' |
		grep -vE ':"(config|v2)\.h"$'
	# Only the comparison program has SDL.
	includes lib/*/*.[ch] tools/*.[ch] demos/*.[ch] | grep '<SDL' |
		grep -vE '^tools/(shmx-view|forward)-sdl2\.[ch]:'
}

is "nobody includes what they must not" "$(violations "$top_srcdir")" ""

# Each rule finds what it is there to find.
breaks() { # WHAT FILE HEADER
	rm -rf "$tap_tmp/tree"
	for dir in lib/base lib/shmx lib/shmfb tools demos/life \
		tests/v2; do
		mkdir -p "$tap_tmp/tree/$dir"
	done
	: >"$tap_tmp/tree/lib/shmx/ring.h"
	: >"$tap_tmp/tree/lib/base/fd.h"
	printf '#include %s\n' "$3" >"$tap_tmp/tree/$2"
	like "found: $1" "$(violations "$tap_tmp/tree")" "$2:"
}
breaks "base includes shmx" lib/base/fd.c '<shmx/shmx.h>'
breaks "shmx includes shmfb" lib/shmx/reader.c '<shmfb/shmfb.h>'
breaks "shmx includes xcb" lib/shmx/reader.c '<xcb/xcb.h>'
breaks "shmfb includes shmx's inside" lib/shmfb/show.c '"ring.h"'
breaks "shmfb includes it by a path" lib/shmfb/show.c '"shmx/ring.h"'
breaks "atomics in shmx" lib/shmx/reader.c '<stdatomic.h>'
breaks "atomics in shmfb" lib/shmfb/show.c '<stdatomic.h>'
breaks "the core includes a call" lib/shmx/ring.c '<unistd.h>'
breaks "the core of several writers does" lib/shmx/ring-multi.c '<unistd.h>'
breaks "the core includes base's calls" lib/shmx/ring.c '"base/fd.h"'
breaks "a parser includes a call" lib/shmx/tlv.c '<sys/mman.h>'
breaks "conversion includes xcb" lib/shmfb/convert-x.c '<xcb/xcb.h>'
breaks "pixels include the display" lib/shmfb/pixel.c '"display.h"'
breaks "the view includes the window" lib/shmfb/view.h '"window.h"'
breaks "the window includes pixman" lib/shmfb/window.c '<pixman.h>'
breaks "a demo includes base" demos/life.c '"base/fd.h"'
breaks "a demo includes xcb" demos/life.c '<xcb/xcb.h>'
breaks "its parts include base" demos/life/rle.c '"base/fd.h"'
breaks "its parts include another's" demos/life/rle.c '"ring.h"'
breaks "its parts include xcb" demos/life/rle.c '<xcb/xcb.h>'
breaks "a public header includes a private one" lib/shmx/shmx.h '"ring.h"'
breaks "the judge of the wire includes ours" tests/v2/v2.c '"shmx/layout.h"'
breaks "it includes a public header" tests/v2/v2.c '<shmx/shmx.h>'
breaks "a tool includes SDL" tools/shmx-view.c '<SDL.h>'

done_testing
