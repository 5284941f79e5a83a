#!/bin/sh
# `shmx ls` and `shmx rm`: what there is, whatever became of it.
. "${top_srcdir:-.}/tests/tap.sh"

push=$top_builddir/tools/shmx-push
ls=$top_builddir/tools/shmx-ls
rm=$top_builddir/tools/shmx-rm
holder=$top_builddir/tests/holder
raw=$tap_tmp/raw
started=
# Names in /dev/shm are everybody's.
object=shmfb-test-ls-$$

finish() {
	# shellcheck disable=SC2086 # one word each
	[ -z "$started" ] || kill -9 $started 2>/dev/null
	rm -f "/dev/shm/$object"
	rm -rf "$tap_tmp"
}
trap finish EXIT

wait_for() { # COMMAND...: until it succeeds, for five seconds
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 250 ] || return 1
		sleep 0.02
	done
}

start_ring() { # NAME OPTION...: its pid in $pid
	"$push" "$@" --size 100x50 "$raw" &
	pid=$!
	started="$started $pid"
	wait_for test -S "$SHMX_DIR/$1.sock"
}

line() { # NAME: what ls says of it
	"$ls" | grep "^$1 "
}

field() { # NAME KEY: of its JSON object
	"$ls" --json | grep "\"name\": \"$1\"" |
		sed -n "s/.*\"$2\": \"\{0,1\}\([^,\"}]*\).*/\1/p"
}

head -c 60000 /dev/urandom >"$raw"	# three of 100x50

ok "--help" "$ls" --help
like "--help teaches the states" "$("$ls" --help)" "orphaned"
like "--version" "$("$ls" --version)" "shmfb"
"$ls" ring 2>"$tap_tmp/err"
is "an argument: status" "$?" 2
like "an argument: words" "$(cat "$tap_tmp/err")" "shmx top"
is "nothing: no line" "$("$ls" | grep -c 'shmx-push')" 0
ok "nothing: no failure" "$ls"
ok "no directory of rings yet: no failure" env SHMX_DIR="$tap_tmp/none" "$ls"
env SHMX_DIR="$raw" "$ls" 2>"$tap_tmp/err"
is "a directory of rings that is none: status" "$?" 1
like "a directory of rings that is none: words" "$(cat "$tap_tmp/err")" \
	"cannot open the directory of rings $raw: Not a directory"

# The first word of a ring, and then nothing that makes sense.
{ printf MHS_ANIH; head -c 4088 /dev/zero; } >"/dev/shm/$object"
like "what cannot be looked at is said" "$("$ls" 2>&1)" \
	"\"$object\" is malformed"
rm -f "/dev/shm/$object"

start_ring one --loop --fps 50
one=$pid
start_ring two --stay
two=$pid
like "a running ring" "$(line one)" "running"
like "who produces it" "$(line one)" "shmx-push ($one)"
like "what it carries" "$(line one)" "100x50 XRGB8888"
is "in order" "$("$ls" | sed -n 's/^\(one\|two\) .*/\1/p' | tr '\n' ' ')" \
	"one two "
is "no escapes where it is no terminal" \
	"$("$ls" | tr -cd '\033' | wc -c | tr -d ' ')" 0
rate=$(field one rate)
ok "the rate is about 50 (it is $rate)" \
	test "${rate%.*}" -ge 25 -a "${rate%.*}" -le 60
is "nothing is published: no rate" "$(field two rate)" 0.00
is "JSON: pid" "$(field one pid)" "$one"
is "JSON: state" "$(field one state)" running
is "JSON: slots" "$(field one slots)" 8
is "JSON: published" "$(field two published)" 3
if command -v python3 >/dev/null 2>&1; then
	is "JSON: python agrees" "$("$ls" --json | python3 -c '
import json, sys
rings = {ring["name"]: ring for ring in map(json.loads, sys.stdin)}
print(rings["two"]["streams"][0]["width"])')" 100
else
	skip "JSON: python agrees" "no python3"
fi

"$holder" one a-reader >"$tap_tmp/held" &
reader=$!
started="$started $reader"
wait_for grep held "$tap_tmp/held"
is "a reader is counted" "$(field one readers)" 1
is "and what it holds" "$(field one slots_held)" 1

kill -STOP $one
wait_for grep -q '^State:.*T' /proc/$one/status
like "a stopped producer" "$(line one)" "stopped"
is "it is looked into all the same" "$(field one slots_held)" 1
kill -STOP $reader
kill -KILL $one
wait $one 2>/dev/null
like "a dead one whose reader is left" "$(line one)" "orphaned"
like "who keeps it" "$(line one)" "kept by 1 reader"
is "JSON: holders" "$(field one holders)" 1
kill -KILL $reader
wait $reader 2>/dev/null
is "with the reader it is gone" "$(line one)" ""

# Fifty who were killed.
i=0
while [ $i -lt 50 ]; do
	start_ring dead$i --stay
	dead="${dead-} $pid"
	i=$((i + 1))
done
# shellcheck disable=SC2086 # one word each
kill -9 $dead
# shellcheck disable=SC2086 # the same
wait $dead 2>/dev/null
is "fifty dead ones leave no line" "$("$ls" | grep -c '^dead')" 0
is "and no socket" "$(find "$SHMX_DIR" -name 'dead*.sock')" ""
like "the one that lives is there" "$(line two)" "shmx-push ($two)"

# Objects with a name.
"$top_builddir/tests/v2/v2-write" --await 1 "$object" >"$tap_tmp/v2" 2>&1 &
v2=$!
started="$started $v2"
wait_for test -s "/dev/shm/$object"
wait_for line "$object"
like "a ring of SHMX v2.0" "$(line "$object")" "running, v2.0"
"$rm" "$object" 2>"$tap_tmp/err"
is "in use, not removed: status" "$?" 1
like "in use, not removed: by whom" "$(cat "$tap_tmp/err")" "v2-write (pid $v2)"
ok "in use: it is there" test -s "/dev/shm/$object"
kill -KILL $v2
wait $v2 2>/dev/null
like "its leftover" "$(line "$object")" "leftover, v2.0"
ok "the leftover is removed" "$rm" "$object"
not_ok "it is gone" test -e "/dev/shm/$object"
"$rm" "$object" 2>"$tap_tmp/err"
is "gone: status" "$?" 1
is "gone: one line" "$(wc -l <"$tap_tmp/err")" 1
"$rm" two 2>"$tap_tmp/err"
is "not a running one: status" "$?" 1
like "not a running one: who" "$(cat "$tap_tmp/err")" "shmx-push (pid $two)"
"$rm" 2>"$tap_tmp/err"
is "no name: status" "$?" 2
"$rm" ../two 2>"$tap_tmp/err"
is "no ring's name: status" "$?" 1
like "rm --help" "$("$rm" --help)" "/dev/shm"

kill $two
wait $two
done_testing
