#!/bin/sh
# The manual pages tell of all there is, and of nothing else: functions and
# constants of shmfb.h, options and verbs of the tools, switches.
. "${top_srcdir:-.}/tests/tap.sh"

man=$top_srcdir/man
header=$top_srcdir/lib/shmfb/shmfb.h

# --------------------------------------------------------------- pages --

is "all pages are installed" \
	"$(grep -o '%D%/[a-z0-9.-]*' "$man/local.mk" | sed 's,.*/,,' | sort)" \
	"$(find "$man" -name '*.[1-9]' | sed 's,.*/,,' | sort)"

# Nobody needs a date in them.
lint() {
	mandoc -T lint "$1" 2>&1 | grep -v 'missing date'
}
if command -v mandoc >/dev/null; then
	for page in "$man"/*.[1-9]; do
		is "mandoc has nothing to say of ${page##*/}" \
			"$(lint "$page")" ""
	done
	printf '.TH X 1 "" "a" "b"\n.SH NAME\nx \\- y\n.TP\n.RS\n' \
		>"$tap_tmp/bad.1"
	like "found: a page with a mistake" "$(lint "$tap_tmp/bad.1")" bad.1
else
	skip "mandoc has nothing to say" "there is no mandoc"
fi

# Pages of ours that a page refers to, and that there are not.
missing_pages() {
	sed -n 's/^\.BR \(sh[a-z-]*\) (\([0-9]\)).*/\1.\2/p' "$@" | sort -u |
		while read -r page; do
			[ -f "$man/$page" ] || echo "$page"
		done
}
is "pages that are referred to are there" "$(missing_pages "$man"/*.[1-9])" ""
echo '.BR shmx-fax (1)' >"$tap_tmp/fax.1"
is "found: one that is not" "$(missing_pages "$tap_tmp/fax.1")" shmx-fax.1

# --------------------------------------------------------------- tools --

# Long options of --help on standard input, but for those that all have.
help_options() {
	grep -oE '^ +(-., )?--[a-z-]+' | sed 's/.*--/--/' |
		grep -vxE -e '--(help|usage|version)' | sort -u
}

# Those that have a paragraph of a page.
page_options() {
	awk '/^\.TP/ { head = 1; next }
		head { print; head = 0 }' "$1" | tr -d '\\"' |
		grep -E '^\.[BIR]+ -' | grep -oE -e '--[a-z-]+' |
		sort -u
}

verbs=$("$top_builddir/tools/shmx" --list)
for verb in $verbs; do
	# Beside the build's own there may be others in PATH.
	tool=$top_builddir/tools/shmx-$verb
	if ! [ -x "$tool" ] || [ "$verb" = view-sdl2 ]; then
		continue
	fi
	is "shmx-$verb(1) has its options" \
		"$(page_options "$man/shmx-$verb.1")" \
		"$("$tool" --help | help_options)"
	like "shmx(1) has $verb" "$(cat "$man/shmx.1")" "shmx-$verb (1)"
done
is "shmx(1) has its options" "$(page_options "$man/shmx.1")" \
	"$("$top_builddir/tools/shmx" --help | help_options)"
printf '.SH OPTIONS\n.TP\n.BI \\-\\-one= N\nNot --two.\n.TP\n.BR \\-t ", " \\-\\-three\n' \
	>"$tap_tmp/x.1"
is "options of a page are found" "$(page_options "$tap_tmp/x.1")" "--one
--three"

like "there are verbs" "$verbs" view

# The viewer's keys, as its window tells them; arrows are drawn there.
view_keys() {
	sed -n 's/^\t{ "\([^"\\]*\)", ".*" },$/\1/p' \
		"$top_srcdir/tools/view-keys.c" | tr -s ' ' '\n' |
		sed 's/^Esc$/Escape/'
}
heads() { # PAGE SECTION: the words of its paragraphs' heads
	sed -n "/^\.SH $2\$/,/^\.SH /p" "$1" | awk '/^\.TP/ { getline; print }' |
		sed -e 's/^\.B[IR]* //' -e 's/" *, *"/ /g' | tr -d '"\\' |
		tr -s ' ' '\n'
}
is "shmx-view(1) has its keys" "$(heads "$man/shmx-view.1" KEYS |
	grep -vx -e Arrows | sort)" "$(view_keys | sort)"
ok "there are keys" test "$(view_keys | wc -l)" -gt 10
keys=$("$top_builddir/tools/shmx-view" --help | sed -n '/^Keys:/,/^$/p' |
	sed 's/space/Space/' | tr -s '\n' ' ')
# One of them is ?, which the shell would take for any file of one letter.
untold_keys() { # TEXT, with a blank around each key
	view_keys | while read -r key; do
		case $1 in
		*" $key "*) ;;
		*) [ "$key" = F1 ] || echo "$key" ;;
		esac
	done
}
is "and so does its --help" "$(untold_keys "$keys")" ""
mkdir "$tap_tmp/names"
: >"$tap_tmp/names/q"
is "found: one that it does not, whatever files there are" \
	"$(cd "$tap_tmp/names" && untold_keys "${keys% \? *} ${keys#* \? }")" \
	"?"

# The keys of JSON that a source prints and a page does not tell.
untold() { # SOURCE PAGE
	grep -oE '\\"[a-z0-9_]+\\": ' "$1" | tr -dc 'a-z0-9_\n' | sort -u |
		while read -r key; do
		sed -n '/^\.SH STATISTICS/,/^\.SH EXIT/p' "$2" |
			grep -qE "^\.BR? .*\b$key\b" || echo "$key"
	done
}
is "shmx-view(1) tells what --stats prints" \
	"$(untold "$top_srcdir/tools/viewer.c" "$man/shmx-view.1")" ""
echo 'printf("{\"ring\": 1, \"king\": 2}");' >"$tap_tmp/print.c"
is "found: what it does not" \
	"$(untold "$tap_tmp/print.c" "$man/shmx-view.1")" king

# What `shmx doctor` looks at.
"$top_builddir/tools/shmx-doctor" --json |
	grep -oE '"name": "[^"]*"' | sed 's/.*: "\(.*\)"/\1/' | sort \
	>"$tap_tmp/looked"
sed -n '/^\.SH FINDINGS/,/^\.SH /p' "$man/shmx-doctor.1" |
	awk '/^\.TP/ { getline; print }' | tr -d '\\' |
	sed -e 's/^\.BR* //' -e 's/"* ", " *"*/,/g' | tr -d '"' |
	tr ',' '\n' | sort >"$tap_tmp/findings"
ok "shmx-doctor(1) has its findings" diff "$tap_tmp/looked" \
	"$tap_tmp/findings"
ok "there are findings" test "$(wc -l <"$tap_tmp/looked")" -gt 10

# ------------------------------------------------------------- library --

functions() { # FILE: of its prototypes, "NAME(ARGUMENTS)" with their type
	sed -e 's,/\*.*\*/,,' -e '/\/\*/,/\*\//d' -e '/^[#.]/d' "$1" |
		tr '\n\t' '[ *]' | tr '{};' '[\n*]' |
		sed -n 's/^ *\([a-z].*shmfb_[a-z_]*(.*)\) *$/\1/p' |
		sed -e 's/  */ /g' -e 's/ *\* */ */g' -e 's/( /(/g' | sort
}
synopsis() { # PAGE
	sed -n '/^\.SH SYNOPSIS/,/^\.SH DESCRIPTION/p' "$1"
}
functions "$header" >"$tap_tmp/header"
synopsis "$man/shmfb.3" >"$tap_tmp/synopsis"
functions "$tap_tmp/synopsis" >"$tap_tmp/page"
ok "shmfb(3) has the prototypes of shmfb.h" \
	diff -u "$tap_tmp/header" "$tap_tmp/page"
grep -o 'shmfb_[a-z_]*;' "$top_srcdir/lib/shmfb/shmfb.map" | tr -d ';' |
	sort >"$tap_tmp/map"
grep -o 'shmfb_[a-z_]*(' "$tap_tmp/page" | tr -d '(' | sort \
	>"$tap_tmp/told"
ok "which are those that are exported" \
	diff -u "$tap_tmp/map" "$tap_tmp/told"

sed -n '/^\.SH DESCRIPTION/,$p' "$man/shmfb.3" >"$tap_tmp/description"
unsaid() { # NAME...
	for name in "$@"; do
		grep -q "$name" "$tap_tmp/description" || echo "$name"
	done
}
# shellcheck disable=SC2046 # names
is "shmfb(3) tells of each function" \
	"$(unsaid $(sed 's/$/()/' "$tap_tmp/map"))" ""
constants() {
	sed -e '/#define/d' "$header" | tr -s ' \t' '[\n*]' |
		grep -oE '^SHMFB_[A-Z0-9_]+' | sort -u |
		grep -vxE 'SHMFB_(SHMFB_H|.*_INIT)' |
		grep -v -e '^SHMFB_NO_\(SHM\|FD\|RENDER\|PRESENT\|SPIN\|XINPUT\)$' \
			-e '^SHMFB_PROBE'
}
# shellcheck disable=SC2046 # names
is "shmfb(3) tells of each constant" "$(unsaid $(constants))" ""
is "there are constants" "$(constants | grep -c EVENT)" \
	"$(grep -c '^[[:space:]]SHMFB_EVENT_[A-Z]*[, ]' "$header")"

# members STRUCT: of a struct of the header, one a line.
members() {
	sed -e 's,/\*.*\*/,,' -e '/\/\*/,/\*\//d' "$header" |
		sed -n "/^struct $1 {/,/^}/p" |
		sed -n 's/^.*[ *}]\([a-z0-9_][a-z0-9_]*\)\(\[.*\]\)*;.*/\1/p' |
		grep -vx size | sort -u
}
for name in shmfb_options shmfb_canvas shmfb_view shmfb_stats shmfb_probe; do
	# shellcheck disable=SC2046 # names
	is "shmfb(3) tells of each member of $name" \
		"$(unsaid $(members $name | sed 's/.*/[^a-z_]&\\([^a-z_]\\|$\\)/'))" \
		""
done
is "members are found" "$(members shmfb_view | tr '\n' ' ')" \
	"background filter rotation scale x y zoom "

switches() {
	grep -rhoE '(shmfb_env|base_may_spin)\("[A-Z_]+"\)' \
		"$top_srcdir/lib" --include='*.c' | grep -oE '[A-Z_]+"' |
		tr -d '"' | sort -u
}
unswitched() {
	switches | while read -r name; do
		grep -q "^\.BR* $name\$" "$man/shmfb.7" || echo "$name"
	done
}
sed -n '/^\.SH EXAMPLES/,$p' "$man/shmfb.3" |
	sed -n '/^\.EX/,/^\.EE/p' | sed '/^\./d' >"$tap_tmp/example.c"
# shellcheck disable=SC2086 # it may be several words
ok "the example of shmfb(3) compiles" $CC -std=gnu11 -Wall -Wextra -Werror \
	-I"$top_srcdir/lib" -fsyntax-only "$tap_tmp/example.c"
ok "it has one" grep -q 'int main' "$tap_tmp/example.c"

is "shmfb(7) tells of each switch" "$(unswitched)" ""
ok "there are switches" test "$(switches | wc -l)" -ge 5

done_testing
