#!/bin/sh
# The C that README.md and doc/embedding.md show is C: every block compiles
# without a warning, and those that are whole programs run.
#
# A block "```c" stands by itself; one of "```c body" is what stands in some
# function, and uses what is declared here.
#
# shellcheck disable=SC2016 # Markdown has backticks
. "${top_srcdir:-.}/tests/tap.sh"

# What the reader is said to have, or to have written.
cat >"$tap_tmp/yours.h" <<-'END'
	#include <err.h>
	#include <stdio.h>
	#include <shmfb/shmfb.h>
	#include <shmx/shmx.h>

	extern struct shmfb *fb;
	extern struct shmfb_canvas c;
	extern struct shmfb_event ev;
	extern struct shmfb_image image;
	extern const void *core_pixels;
	extern struct shmx_producer *p;
	extern struct shmx_frame f;
	extern struct shmx_control message;
	extern void *positions;
	extern uint32_t n;

	void step(void *pixels, size_t stride);
	void simulate(float (*positions)[2], uint32_t n);
	void obey(const struct shmx_control *message);
	void draw_32(void *pixels, size_t stride, uint32_t w, uint32_t h);
	void draw_16(void *pixels, size_t stride, uint32_t w, uint32_t h);
	void steer(uint32_t keysym, bool pressed);
	void type(const char *text);
	void aim(int x, int y);
	void shoot(int x, int y);
	void zoom_by(double notches);
	void pause_game(void);
END
cat >"$tap_tmp/yours.c" <<-'END'
	#include <string.h>
	#include <time.h>
	#include "yours.h"

	void step(void *pixels, size_t stride)
	{
		static unsigned char shade;

		memset(pixels, ++shade, 768 * stride);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
END

# blocks FILE PREFIX: PREFIX-1.c and so on, each ready to be compiled. A block
# begins a line of what it is in the list PREFIX.list: "body", or "file".
blocks() {
	: >"$2.list"
	awk -v prefix="$2" '
	/^```c( body)?$/ {
		name = prefix "-" ++n ".c"
		body = $2 == "body"
		print body ? "body" : "file" >(prefix ".list")
		if (body)
			printf "void fragment(void);\nvoid fragment(void)\n{\n" >name
		printf "#line %d \"%s\"\n", FNR + 1, FILENAME >name
		inside = 1
		next
	}
	/^```/ && inside {
		if (body)
			print "}" >name
		close(name)
		inside = 0
	}
	inside { print >name }' "$1"
}

compiles() { # FILE: FILE.o
	# The compiler may be several words, and so may its flags be.
	# shellcheck disable=SC2086
	$CC $SANITIZER_CFLAGS -std=gnu11 -Wall -Wextra -Werror \
		-I"$top_srcdir/lib" -I"$tap_tmp" -include yours.h \
		-c -o "$1.o" "$1"
}

# The libraries as they were built; programs find them through this.
libs="$top_builddir/lib/shmfb/.libs $top_builddir/lib/shmx/.libs"
LD_LIBRARY_PATH=$(echo "$libs" | tr ' ' ':')${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
links() { # FILE
	# shellcheck disable=SC2086,SC2046
	$CC $SANITIZER_CFLAGS -o "$1.run" "$1.o" "$tap_tmp/yours.c.o" \
		$(printf ' -L%s' $libs) -lshmfb -lshmx
}

ok "what is the reader's compiles" compiles "$tap_tmp/yours.c"
for document in README.md doc/embedding.md; do
	name=$(basename "$document" .md)
	blocks "$top_srcdir/$document" "$tap_tmp/$name"
	i=0
	while read -r kind; do
		i=$((i + 1))
		file=$tap_tmp/$name-$i.c
		ok "$document: block $i ($kind) compiles" compiles "$file"
		if grep -q '^int main(' "$file"; then
			ok "$document: block $i links" links "$file"
		fi
	done <"$tap_tmp/$name.list"
done
is "there are blocks in both" "$(cat "$tap_tmp/README.list" \
	"$tap_tmp/embedding.list" | sort | uniq -c | awk '$1 >= 4' | wc -l)" 2

# A mistake is found, and said to be where it is.
printf '%s\n' 'Text.' '```c body' 'shmfb_open(fb);' '```' >"$tap_tmp/wrong.md"
blocks "$tap_tmp/wrong.md" "$tap_tmp/wrong"
not_ok "found: a wrong call" compiles "$tap_tmp/wrong-1.c"
compiles "$tap_tmp/wrong-1.c" >"$tap_tmp/output" 2>&1
like "found: in its line" "$(cat "$tap_tmp/output")" "wrong.md:3:"

# Windows stay until they are closed, and simulations until they are ended:
# they must still be there after a while. The simulation is the viewer's.
export LD_LIBRARY_PATH
runs() { # PROGRAM: its status
	"$top_srcdir/tests/with-xvfb" timeout 2 "$1" sim </dev/null \
		>"$tap_tmp/output" 2>&1
}
if command -v Xvfb >/dev/null; then
	simulation=
	for program in "$tap_tmp"/*.run; do
		grep -q shmx_publish "${program%.run}" || continue
		"$program" &
		simulation=$!
	done
	ok "there is a simulation" test -n "$simulation"
	tries=0
	until [ -S "$SHMX_DIR/sim.sock" ] || [ $tries -eq 250 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
	for program in "$tap_tmp"/*.run; do
		grep -q shmfb_open "${program%.run}" || continue
		runs "$program"
		status=$?
		is "$(basename "${program%.c.run}") runs, until it is ended" \
			$status 124
	done
	ok "so does the simulation" kill "$simulation"
	wait "$simulation" 2>/dev/null
else
	skip "they run" "Xvfb is not installed"
fi

# ---------------------------------------------------------------- links --

# Links to files that there are not, and to headings.
headings() { # FILE: as they are linked to
	sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' |
		sed -e 's/[^a-z0-9 -]//g' -e 's/ /-/g'
}
wrong_links() { # FILE...
	for file in "$@"; do
		sed '/^```/,/^```/d' "$file" | grep -oE '\]\([^)]+\)' |
			sed -e 's/^](//' -e 's/)$//' | sort -u |
			while read -r link; do
			case $link in
			http*) ;;
			'#'*)
				headings "$file" | grep -qx -e "${link#?}" ||
					echo "${file##*/}: $link" ;;
			*)
				[ -e "$(dirname "$file")/${link%%#*}" ] ||
					echo "${file##*/}: $link" ;;
			esac
		done
	done
}
is "links lead somewhere" "$(wrong_links "$top_srcdir"/*.md \
	"$top_srcdir"/doc/*.md "$top_srcdir"/demos/*.md)" ""
printf '# One\n[a](#two) [b](three.md) [c](#one)\n' >"$tap_tmp/links.md"
is "found: links that do not" "$(wrong_links "$tap_tmp/links.md")" \
	"links.md: #two
links.md: three.md"

done_testing
