#!/bin/sh
# The demo life as a program: what it prints, what it refuses and how.
. "${top_srcdir:-.}/tests/tap.sh"

life=$top_builddir/demos/life/life
patterns=$top_srcdir/demos/patterns
dir=$tap_tmp/dir
mkdir "$dir"

# Counts that anybody can look up.
census() { # STEPS PATTERN OPTION...
	steps=$1 pattern=$2
	shift 2
	"$life" --quiet --no-publish --print --steps "$steps" "$@" "$pattern"
}
is "acorn lives on as it should" \
	"$(census 5206 "$patterns/acorn.rle" --torus 4000x4000 |
		cut -d ' ' -f 1-4)" "generation 5206 population 633"
is "so does the r-pentomino" \
	"$(census 1103 "$patterns/r-pentomino.rle" --torus 2000x2001 |
		cut -d ' ' -f 1-4)" "generation 1103 population 116"
# 36 cells, and each 30 steps a glider of 5 more.
is "the gun makes gliders" \
	"$(census 900 "$patterns/gosper-gun.rle" --torus 1000x1000 |
		cut -d ' ' -f 1-4)" "generation 900 population 186"
is "the pattern stands in the middle" \
	"$(census 0 "$patterns/r-pentomino.rle" --torus 101x64)" \
	"generation 0 population 5 box 49,31,3,3"
# A glider on its way round: 4 steps for a cell down and right.
# shellcheck disable=SC2016 # that is no variable
printf 'x = 3, y = 3, rule = B3/S23:T11,13\nbo$2bo$3o!\n' >"$dir/glider.rle"
is "round the torus and back" "$(census 572 "$dir/glider.rle")" \
	"$(census 0 "$dir/glider.rle" | sed 's/n 0/n 572/')"
printf '#CXRLE Pos=-5,-6\nx = 1, y = 1, rule = B3/S23:T11,13\no!\n' \
	>"$dir/placed.rle"
is "where golly wants it" "$(census 0 "$dir/placed.rle")" \
	"generation 0 population 1 box 0,0,1,1"
gzip -c "$patterns/acorn.rle" >"$dir/acorn.rle.gz"
is "gzipped" "$(census 100 "$dir/acorn.rle.gz")" \
	"$(census 100 "$patterns/acorn.rle")"
is "from standard input" "$(census 100 - <"$patterns/acorn.rle")" \
	"$(census 100 "$patterns/acorn.rle")"
is "gzipped from standard input" "$(census 100 - <"$dir/acorn.rle.gz")" \
	"$(census 100 "$patterns/acorn.rle")"
for file in "$patterns"/*.rle; do
	ok "$(basename "$file") is read" census 10 "$file"
done

soup() {
	"$life" --quiet --no-publish --print --steps 300 "$@"
}
is "a seed gives a soup" "$(soup --seed 7)" "$(soup --seed 7)"
not_ok "another seed another" test "$(soup --seed 7)" = "$(soup --seed 8)"

# refuses STATUS MESSAGE ARGUMENT...: one line on stderr, nothing on stdout,
# and nothing left where rings would be.
refuses() {
	want=$1 message=$2
	shift 2
	"$life" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	what="refused: $(echo "$*" | sed "s,$dir/,,g;s,$patterns/,,g")"
	if [ "$status" -eq "$want" ] && [ ! -s "$dir/out" ] &&
	   [ "$(grep -c '^life: ' "$dir/err")" -eq 1 ] &&
	   grep -qF -e "$message" "$dir/err" &&
	   { [ "$want" -eq 2 ] || [ "$(wc -l <"$dir/err")" -eq 1 ]; }; then
		pass "$what"
	else
		{
			echo "status $status, want $want: $message"
			cat "$dir/err" "$dir/out"
		} >"$tap_tmp/output"
		fail "$what" "$tap_tmp/output"
	fi
}
bad() { # NAME TEXT
	printf '%b' "$2" >"$dir/$1"
}
refuses 1 "cannot open $dir/none.rle: No such file" "$dir/none.rle"
refuses 1 "$dir is a directory" "$dir"
refuses 1 "standard input:1:1: the file ends here" -
bad empty.rle ''
refuses 1 "empty.rle:1:1: the file ends here, expected a header" \
	"$dir/empty.rle"
bad rule.rle '#C\nx = 3, y = 3, rule = B36/S23\nbo!\n'
refuses 1 "rule.rle:2:22: rule B36/S23 is not supported, only B3/S23" \
	"$dir/rule.rle"
bad short.rle 'x = 3, y = 3\nbob$\n2b'
refuses 1 "short.rle:3:3: the file ends here" "$dir/short.rle"
bad wrong.rle 'x = 3, y = 3\nbob$\n2bz!'
refuses 1 "wrong.rle:3:3: unexpected 'z'" "$dir/wrong.rle"
head -c 60 "$dir/acorn.rle.gz" >"$dir/short.rle.gz"
refuses 1 "the compressed data is damaged or cut off" "$dir/short.rle.gz"
if [ "$(id -u)" -eq 0 ]; then
	skip "refused: a file that may not be read" "root may"
else
	bad secret.rle 'x = 1, y = 1\no!'
	chmod 0 "$dir/secret.rle"
	refuses 1 "Permission denied" "$dir/secret.rle"
fi
refuses 1 "the pattern is 36x9 cells, larger than the 30x30 torus" \
	--torus 30x30 "$patterns/gosper-gun.rle"
refuses 1 "--torus 0x9: each side must be from 1 to 1000000" --torus 0x9
refuses 1 "--torus 9x1000001: each side" --torus 9x1000001
refuses 1 "--size 0x0: each side must be from 1 to 32767" --size 0x0
refuses 1 "--size 32768x9: each side" --size 32768x9
refuses 1 "--size 99999999999999999999x9" --size 99999999999999999999x9
refuses 1 "--zoom 0: N must be from 1 to 64" --zoom 0
refuses 1 "--zoom 1/3: N must be" --zoom 1/3
refuses 2 "--size 9: expected WIDTHxHEIGHT" --size 9
refuses 2 "--size 9x9x9: expected" --size 9x9x9
refuses 2 "--torus -5x9: expected" --torus -5x9
refuses 2 "--zoom big: expected" --zoom big
refuses 2 "--at 5: expected X,Y" --at 5
refuses 2 "--fps 0: expected" --fps 0
refuses 2 "--fps nan: expected" --fps nan
refuses 2 "--rate fast: expected" --rate fast
refuses 2 "--steps -1: expected" --steps -1
refuses 2 "--steps 99999999999999999999: expected" \
	--steps 99999999999999999999
refuses 2 "--fps and --steps-per-frame together" \
	--fps 9 --rate 9 --steps-per-frame 9
# 250 GB: more than these tests run on.
if awk '/MemAvailable/ { exit $2 < 200000000 }' /proc/meminfo; then
	skip "refused: a torus beyond memory" "there is so much memory"
else
	refuses 1 "a 1000000x1000000 torus takes 250.1 GB, more memory" \
		--no-publish --torus 1000000x1000000
fi
"$life" -q --no-publish --steps 1 --print >/dev/full 2>"$dir/err"
is "a full disk is an error" "$?" 1
like "and it says so" "$(cat "$dir/err")" "life: cannot write to the standard"

help=$("$life" --help)
is "--help succeeds" "$?" 0
like "--help teaches" "$help" "shmx view life"
like "--version says the version" "$("$life" --version)" "life, with libshmx "

stats=$("$life" -q --no-publish --steps 50 --stats --torus 90x70)
like "--stats says the steps" "$stats" '"steps":50,'
like "--stats says the torus" "$stats" '"torus_width":90,"torus_height":70,'
is "--stats is one object" "$(echo "$stats" | grep -c '^{.*}$')" 1

# Ended by a signal it says what it did.
ends_by() { # SIGNAL
	"$life" -q --no-publish --stats --rate 100 >"$dir/out" 2>&1 &
	pid=$!
	sleep 0.3
	kill -s "$1" "$pid"
	wait "$pid"
	is "ended by SIG$1: exit status" "$?" 0
	like "ended by SIG$1: says what it did" "$(cat "$dir/out")" '{"torus_'
}
ends_by TERM
ends_by HUP

# With a ring.
published() { # OPTION...
	"$life" -q --size 80x60 --stats "$@" |
		sed 's/.*"frames_published":\([0-9]*\),"frames_dropped":0,.*/\1/'
}
is "every generation is published" "$(published --steps 100)" 101
is "or every tenth, and the last" \
	"$(published --steps 105 --steps-per-frame 10)" 12
is "with --fps time decides" \
	"$(published --steps 100 --rate 10000 --fps 0.01)" 2
is "slots can be chosen" "$("$life" -q --size 80x60 --steps 1 --slots 12 \
	--history 3 --stats | grep -c '"slots":12,')" 1
for zoom in 1 3 64 1/2 1/64; do
	is "zoom $zoom" "$(published --steps 20 --zoom "$zoom" --torus 50x40 \
		--at 49,39)" 21
done
"$life" -q --size 80x60 --rate 10 --name taken &
pid=$!
sleep 0.3
refuses 1 'ring "taken" is in use' --name taken --size 80x60
kill "$pid"
wait "$pid"
ok "then the name is free" "$life" -q --name taken --size 80x60 --steps 1
refuses 1 '"a/b" is no name for a ring' --name a/b
refuses 1 "1 slots with a history of 1" --slots 1
refuses 1 "use smaller frames" --size 32767x32767
SHMX_DIR=/dev/null/here refuses 1 "/dev/null/here" --size 80x60
is "no socket is left behind" "$(find "${SHMX_DIR:-$dir}" -type s)" ""

# At a pace: 20 steps at 100 a second are at least a fifth of a second.
seconds=$("$life" -q --no-publish --steps 20 --rate 100 --stats |
	sed 's/.*"seconds":\([0-9.]*\).*/\1/')
ok "--rate is a rate" awk "BEGIN { exit !($seconds >= 0.19) }"

done_testing
