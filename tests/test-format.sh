#!/bin/sh
# doc/shmx-format.md, doc/shmx-features.md and doc/shmfb-features.md say what is
# so: their rules have tests, and the bytes that they show are those of the
# headers.
#
# A rule starts a line, "- **6.1** ..." or "| **K1** ...", and has a tag:
# [test-ring: the_bound_is_exact; test-sim: R2 release, R3 acquire]. A case is a
# Check test that is run, a row of test-sim's, a row of models/rows, or what a
# shell test says. A picture is a block "layout STRUCT BYTES" of lines "OFFSET
# TYPE MEMBER", and "constants" is one of lines "NAME = VALUE".
#
# shellcheck disable=SC2016 # Markdown has backticks
. "${top_srcdir:-.}/tests/tap.sh"

format=$top_srcdir/doc/shmx-format.md
features=$top_srcdir/doc/shmx-features.md
window=$top_srcdir/doc/shmfb-features.md

# rules FILE...: a line for each, its number, a tab, its text.
rules() {
	awk '
	function flush() {
		gsub(/[ \t]+/, " ", text)
		if (id != "")
			printf "%s\t%s\n", id, text
		id = ""
	}
	FNR == 1 { flush(); block = 0 }
	/^```/ { flush(); block = !block; next }
	block { next }
	/^(- |\| )\*\*[A-Z]*[0-9.]+\*\*/ {
		flush()
		split($0, part, "\\*\\*")
		id = part[2]
		text = ""
	}
	/^$/ || /^#/ { flush() }
	id != "" { text = text " " $0 }
	END { flush() }' "$@"
}

# tags: of rules on standard input, a line "NUMBER<tab>PROGRAM<tab>CASE" each.
tags() {
	awk -F '\t' '{
		text = $2
		while (match(text, /\[test-[^]]*\]/)) {
			tag = substr(text, RSTART + 1, RLENGTH - 2)
			text = substr(text, RSTART + RLENGTH)
			n = split(tag, programs, /; */)
			for (i = 1; i <= n; i++) {
				colon = index(programs[i], ":")
				name = substr(programs[i], 1, colon - 1)
				m = split(substr(programs[i], colon + 1),
					cases, /, */)
				for (j = 1; j <= m; j++) {
					sub(/^ */, "", cases[j])
					print $1 "\t" name "\t" cases[j]
				}
			}
		}
	}'
}

# What is wrong with the rules of FILE...; nothing if they are in order.
wrong_rules() {
	rules "$@" >"$tap_tmp/rules"
	cut -f 1 "$tap_tmp/rules" | sort | uniq -d | sed 's/$/ is there twice/'
	grep -v '\[test-' "$tap_tmp/rules" | cut -f 1 | sed 's/$/ has no test/'
}

# exists PROGRAM CASE
exists() {
	case $1 in
	test-models.sh)
		tr -s ' \t' ' ' <"$top_srcdir/tests/models/rows" |
			grep -qE "^(fast|long) [a-z_]+ $2\$" ;;
	*)
		# It is run: test-view is not, where test-view.x11 is.
		grep -qE "(%D%|tests)/$1( |\$)" "$top_srcdir/tests/local.mk" \
			"$top_srcdir/tests/v2/local.mk" || return
		script=$top_srcdir/tests/$1
		if [ -f "$script" ]; then
			grep -qF "\"$2\"" "$script"
			return
		fi
		# A program that needs an X server has its source under its name.
		source=$top_srcdir/tests/${1%.x11}.c
		if grep -qF "START_TEST($2)" "$source"; then
			tr -s '[:space:]' ' ' <"$source" |
				grep -qE "tcase_add_(loop_)?test\([a-z_]*, $2[,)]"
		else
			grep -qF "{ \"$2\"," "$source"
		fi ;;
	esac
}

# Tags on standard input that name no test.
wrong_tags() {
	while IFS='	' read -r rule program name; do
		exists "$program" "$name" || echo "$rule: $program: $name"
	done
}

# assertions FILE: what its pictures say, in C.
assertions() {
	cat <<-END
	#include <stddef.h>
	#include "shmx/directory.h"
	#include "shmx/layout.h"
	#include "shmx/protocol.h"
	#include "shmx/ring-multi.h"
	#include "shmx/stream.h"
	END
	awk '
	BEGIN {
		type["u8"] = "unsigned char"; size["u8"] = 1
		type["char"] = "char"; size["char"] = 1
		type["u16"] = "uint16_t"; size["u16"] = 2
		type["u32"] = "uint32_t"; size["u32"] = 4
		type["i32"] = "int32_t"; size["i32"] = 4
		type["a32"] = "shmx_a32"; size["a32"] = 4
		type["u64"] = "uint64_t"; size["u64"] = 8
		type["f64"] = "double"; size["f64"] = 8
		type["a64"] = "shmx_a64"; size["a64"] = 8
	}
	function claim(what, why) {
		printf "_Static_assert(%s, \"line %d: %s\");\n", what, FNR, why
	}
	/^```layout / { name = $2; bytes = $3; next }
	/^```constants/ { constants = 1; next }
	/^```/ && name != "" { claim("sizeof(struct " name ") == " bytes, name) }
	/^```/ { name = ""; constants = 0; next }
	constants { claim("(" $1 ") == " $3, $1); next }
	name == "" { next }
	{
		n = split($3, part, /[][]+/)
		each = size[$2]
		for (i = 2; i < n; i++)
			each *= part[i]
		member = "struct " name ", " part[1]
		claim("offsetof(" member ") == " $1, part[1])
		claim("sizeof(((struct " name " *)0)->" part[1] ") == " each,
			part[1])
		at = "&((struct " name " *)0)->" part[1]
		if (n <= 3)
			claim("_Generic(" at (n == 3 ? "[0]" : "") ", " \
				type[$2] " *: 1, default: 0)", part[1])
	}' "$1"
}

# The members of the pictures of FILE, a line "STRUCT MEMBER" each.
pictured() {
	awk '
	/^```/ { name = $1 == "```layout" ? $2 : ""; next }
	name != "" { sub(/\[.*/, "", $3); print name, $3 }' "$1"
}

# The same of the structs in the headers.
declared() {
	cat "$top_srcdir/lib/shmx/layout.h" "$top_srcdir/lib/shmx/protocol.h" |
		sed -e 's,/\*.*\*/,,' -e '/\/\*/,/\*\//d' | awk '
	/^struct .* \{$/ { name = $2; next }
	/^\}/ { name = "" }
	name != "" {
		line = line " " $0
		if (line !~ /;/)
			next
		sub(/;.*/, "", line)
		sub(/\[.*/, "", line)
		sub(/ *$/, "", line)
		sub(/.*[ \t]/, "", line)
		print name, line
		line = ""
	}'
}

# All that is pictured is so, and all members of what is pictured are there.
agrees() {
	assertions "$1" >"$tap_tmp/layout.c"
	"$CC" -std=gnu11 -I"$top_srcdir/lib" -fsyntax-only \
		"$tap_tmp/layout.c" || return
	pictured "$1" >"$tap_tmp/pictured"
	declared | grep -v '^shmx_rect16 ' >"$tap_tmp/declared"
	sort "$tap_tmp/pictured" >"$tap_tmp/sorted"
	sort "$tap_tmp/declared" | diff "$tap_tmp/sorted" -
}

# Rules that are referred to, "(6.7)" in the text or "shmx-format.md, 6.7" in
# the code, and that there are not.
references() {
	sed -e '/^```/,/^```/d' "$format" |
		grep -oE '\((as )?[0-9]+\.[0-9]+(, [0-9]+\.[0-9]+)*\)' |
		grep -oE '[0-9]+\.[0-9]+'
	grep -rhoE 'shmx-format\.md,? ([0-9]+\.[0-9]+|K[0-9]+)' \
		"$top_srcdir/lib" "$top_srcdir/tools" "$top_srcdir/demos" \
		"$top_srcdir/tests" | sed 's/.* //'
}
wrong_references() {
	rules "$format" | cut -f 1 >"$tap_tmp/numbers"
	references | sort -u | grep -vxF -f "$tap_tmp/numbers"
}

# What the tables of features FILE... name and libraries and tools have not.
wrong_functions() {
	grep -hoE '\b(shmx|shmfb)_[a-z0-9_]+\(\)' "$@" | sort -u |
		tr -d '()' | while read -r name; do
		grep -qE "^[[:space:]]$name;" "$top_srcdir"/lib/shm*/shm*.map ||
			echo "$name()"
	done
	# shellcheck disable=SC2016 # that is Markdown
	grep -hoE '`shmx [a-z]+' "$@" | sort -u | while read -r _ verb; do
		ls "$top_srcdir/tools/shmx-$verb".* >/dev/null 2>&1 ||
			echo "shmx $verb"
	done
}

# Tests that FILE... name in passing, `test-ring`, and that are not run.
unknown_tests() {
	grep -hoE '`test-[a-z0-9-]+(\.x11|\.sh)?`' "$@" | tr -d '`' | sort -u |
		while read -r name; do
		grep -qE "(%D%|tests)/$name(\.sh)?( |\$)" \
			"$top_srcdir/tests/local.mk" \
			"$top_srcdir/tests/v2/local.mk" || echo "$name"
	done
}

# Tests that write to one log, of which `make check` runs one alone: their names
# differ by an ending at most.
same_logs() {
	sed -e ':more' -e '/\\$/{N;s/\\\n//;b more' -e '}' "$@" |
		sed -n 's/^\(check_programs\|shell_tests\) += *//p' |
		tr -s ' \t' '\n' | sed -e 's,.*/,,' -e 's/\.[a-z0-9]*$//' |
		sort | uniq -d
}

is "every rule has a test" "$(wrong_rules "$format" "$features" "$window")" \
	""
is "every test that is named exists" \
	"$(rules "$format" "$features" "$window" | tags | wrong_tags)" ""
is "so does every test that is named in passing" \
	"$(unknown_tests "$top_srcdir"/*.md "$top_srcdir"/doc/*.md)" ""
echo 'As `test-ring`, `test-rung` and `test-view` show.' \
	>"$tap_tmp/passing.md"
is "found: those that are not" "$(unknown_tests "$tap_tmp/passing.md")" \
	"test-rung
test-view"
is "every rule that is referred to exists" "$(wrong_references)" ""
is "every function and tool that is named exists" \
	"$(wrong_functions "$features" "$window")" ""
is "no two tests have one log" "$(same_logs "$top_srcdir/tests/local.mk" \
	"$top_srcdir/tests/v2/local.mk")" ""
ok "the pictures are those of layout.h and protocol.h" agrees "$format"
ok "there are rules and pictures" test "$(rules "$format" | wc -l)" -gt 100 \
	-a "$(grep -c '^```layout' "$format")" -gt 15
is "there are 37 traps" "$(rules "$window" | grep -c '^T[0-9]')" 37
is "there is what MIT-SHM is wanted for" \
	"$(rules "$window" | grep -c '^M[0-9]')" 17
# A column for the feature, for each of the twelve, and for us.
is "there are 23 features beside others" \
	"$(grep -cE '^\| \*\*W[0-9]+\*\*( [^|]*\|){14}$' "$window")" 23

# Each of these finds what it is there to find.
breaks() { # WHAT SED-SCRIPT
	sed "$2" "$format" >"$tap_tmp/broken.md"
	not_ok "found: $1" agrees "$tap_tmp/broken.md"
}
breaks "a wrong offset" 's/^ 60 u32 slots$/ 64 u32 slots/'
breaks "a wrong size" 's/^```layout shmx_ext 512/```layout shmx_ext 576/'
breaks "a wrong type" 's/^128 a64 latest/128 u64 latest/'
breaks "a word that is missing" '/^196 a32 host_waiting/d'
breaks "a picture that is missing" '/^```layout shmx_tlv/,/^```$/d'
breaks "a wrong constant" 's/^SHMX_MSG_MOVED = 6/SHMX_MSG_MOVED = 7/'

printf '%s\n' 'check_programs += %D%/test-one' 'shell_tests += \' \
	'	%D%/test-two.sh \' '	%D%/test-one.sh' >"$tap_tmp/local.mk"
is "found: two tests of one log" "$(same_logs "$tap_tmp/local.mk")" test-one

broken() { # WHAT LINE WANT
	printf '%s\n' "$2" >"$tap_tmp/rule.md"
	like "found: $1" "$(wrong_rules "$tap_tmp/rule.md"
		rules "$tap_tmp/rule.md" | tags | wrong_tags)" "$3"
}
broken "a rule without a test" "- **1.1** It is so." "1.1 has no test"
broken "a number used twice" "- **1.1** One. [test-ring: the_bound_is_exact]
- **1.1** Two. [test-ring: the_bound_is_exact]" "1.1 is there twice"
broken "no such program" "- **1.1** So. [test-rong: the_bound_is_exact]" \
	"test-rong: the_bound_is_exact"
broken "a program that is called otherwise" \
	"- **1.1** So. [test-window: exposed]" "1.1: test-window: exposed"
broken "no such case" \
	"| **K1** so | [test-ring: the_bound_is_exact, the_bound] |" \
	"K1: test-ring: the_bound"
broken "no such row" "- **1.1** So. [test-models.sh: hold -DNO_W4]" \
	"test-models.sh: hold -DNO_W4"
broken "no such line" "- **1.1** So. [test-push.sh: nothing of the kind]" \
	"test-push.sh: nothing of the kind"

done_testing
