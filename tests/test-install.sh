#!/bin/sh
# After `make install` a program builds with nothing but cc and pkg-config.
. "${top_srcdir:-.}/tests/tap.sh"

dest=$tap_tmp/dest
log=$tap_tmp/log
if "$MAKE" -C "$top_builddir" install DESTDIR="$dest" >"$log" 2>&1; then
	pass "make install"
else
	fail "make install" "$log"
	done_testing
fi

pc=$(find "$dest" -name shmfb.pc)
ok "shmfb.pc is installed" test -n "$pc"
prefix=$(sed -n 's/^prefix=//p' "$pc")
PKG_CONFIG_PATH=$(dirname "$pc")${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
pkg_config() {
	"$PKG_CONFIG" --define-variable=prefix="$dest$prefix" "$@"
}

for lib in shmx shmfb; do
	ok "$lib.pc is valid" pkg_config --print-errors --exists "$lib"
	is "$lib.pc has the version" "$(pkg_config --modversion "$lib")" \
		"$(sed -n 's/^PACKAGE_VERSION = //p' "$top_builddir/Makefile")"
	ok "<$lib/$lib.h> is installed" \
		test -f "$(pkg_config --variable=includedir "$lib")/$lib/$lib.h"
done
like "shmfb brings shmx" "$(pkg_config --libs shmfb)" -lshmx

# The first demo if there is one, else the least program that links.
program=$top_srcdir/demos/hello-window.c
if ! [ -f "$program" ]; then
	program=$tap_tmp/least.c
	cat >"$program" <<-'END'
	#include <shmfb/shmfb.h>
	#include <shmx/shmx.h>
	#include <stdio.h>

	int
	main(void)
	{
		printf("%s %s\n", shmx_version(), shmfb_version());
		return 0;
	}
	END
fi
# shellcheck disable=SC2086,SC2046 # flags are words
ok "$(basename "$program") builds" \
	$CC $SANITIZER_CFLAGS -o "$tap_tmp/program" "$program" \
	$(pkg_config --cflags --libs shmfb)

LD_LIBRARY_PATH=$(pkg_config --variable=libdir shmfb)
export LD_LIBRARY_PATH
if [ "$program" = "$tap_tmp/least.c" ]; then
	ok "it runs" "$tap_tmp/program"
elif command -v Xvfb >/dev/null; then
	# A window stays until it is closed: it must still be there then.
	"$top_srcdir/tests/with-xvfb" timeout 2 "$tap_tmp/program" \
		>"$tap_tmp/output" 2>&1
	is "it runs, until it is ended" "$?" 124
else
	skip "it runs" "Xvfb is not installed"
fi

# Each demo says in its first lines how it is built, by whoever has it alone.
mkdir "$tap_tmp/pc" "$tap_tmp/demos" "$tap_tmp/bin"
for lib in shmx shmfb; do
	sed "s|^prefix=.*|prefix=$dest$prefix|" "$(dirname "$pc")/$lib.pc" \
		>"$tap_tmp/pc/$lib.pc"
done
# As it is called there, and not themselves again.
instead() { # NAME COMMAND
	printf '#!/bin/sh\nPATH="%s"\nexec %s "$@"\n' "$PATH" "$2" \
		>"$tap_tmp/bin/$1"
}
instead cc "$CC $SANITIZER_CFLAGS"
instead pkg-config "$PKG_CONFIG"
chmod +x "$tap_tmp/bin/cc" "$tap_tmp/bin/pkg-config"
build_demo() { # COMMAND
	(
		cd "$tap_tmp/demos" || exit
		PATH=$tap_tmp/bin:$PATH
		PKG_CONFIG_PATH=$tap_tmp/pc${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
		export PATH PKG_CONFIG_PATH
		eval "$1"
	)
}
for demo in "$top_srcdir"/demos/*.c; do
	name=$(basename "$demo" .c)
	cp "$demo" "$tap_tmp/demos"
	command=$(sed -n 's/^ \*	\(cc .*\)/\1/p' "$demo")
	case $command in
	*glib-2.0*)
		if ! "$PKG_CONFIG" --exists glib-2.0; then
			skip "$name, as it says" "GLib is not there"
			continue
		fi ;;
	esac
	ok "$name, as it says" build_demo "${command:-false}"
done

bindir=$(find "$dest" -name bin -type d)
is "the installed shmx has the version" "$("$bindir/shmx" --version)" \
	"shmfb $(pkg_config --modversion shmx)"

ok "make uninstall" "$MAKE" -C "$top_builddir" uninstall DESTDIR="$dest"
is "and nothing is left" "$(find "$dest" ! -type d)" ""

done_testing
