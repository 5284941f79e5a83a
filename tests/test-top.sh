#!/bin/sh
# `shmx top`: once, as text and as JSON, and at work on a terminal.
. "${top_srcdir:-.}/tests/tap.sh"

push=$top_builddir/tools/shmx-push
top=$top_builddir/tools/shmx-top
holder=$top_builddir/tests/holder
raw=$tap_tmp/raw
started=

finish() {
	# shellcheck disable=SC2086 # one word each
	[ -z "$started" ] || kill -9 $started 2>/dev/null
	rm -rf "$tap_tmp"
}
trap finish EXIT

wait_for() { # COMMAND...: until it succeeds, for ten seconds
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 500 ] || return 1
		sleep 0.02
	done
}

start_ring() { # NAME OPTION...: its pid in $pid
	"$push" "$@" --size 100x50 "$raw" &
	pid=$!
	started="$started $pid"
	wait_for test -S "$SHMX_DIR/$1.sock"
}

number() { # KEY: of the JSON object in $out
	echo "$out" | sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p"
}

head -c 60000 /dev/urandom >"$raw"	# three of 100x50

like "--help teaches" "$("$top" --help)" "tab goes"
like "--version" "$("$top" --version)" "shmfb"
"$top" --json 2>"$tap_tmp/err"
is "--json alone: status" "$?" 2
"$top" one two 2>"$tap_tmp/err"
is "two names: status" "$?" 2
"$top" --once none 2>"$tap_tmp/err"
is "no such ring: status" "$?" 1
is "no such ring: one line" "$(wc -l <"$tap_tmp/err")" 1
like "no such ring: words" "$(cat "$tap_tmp/err")" 'no ring "none"'
"$top" --once a/b 2>"$tap_tmp/err"
is "no ring's name: status" "$?" 1

start_ring life --loop --fps 50
life=$pid
"$holder" life recorder >"$tap_tmp/held" &
reader=$!
started="$started $reader"
wait_for grep held "$tap_tmp/held"
"$top" life </dev/null 2>"$tap_tmp/err"
is "no terminal: status" "$?" 1
like "no terminal: what to do" "$(cat "$tap_tmp/err")" "--once"

# Once.
out=$("$top" --once life)
is "--once: status" "$?" 0
like "--once: the ring" "$out" "life: running, native, by shmx-push (pid $life)"
like "--once: its memory" "$out" "MEMORY"
like "--once: its stream" "$out" "100x50 XRGB8888"
like "--once: its reader" "$out" "A recorder"
ok "--once: a slot that it holds" \
	sh -c "echo '$out' | grep -Eq '^ +[0-9]+ (held|latest) +[0-9]+ .* A\$'"
is "--once: no escapes" "$(echo "$out" | tr -cd '\033' | wc -c | tr -d ' ')" 0
like "a leading slash is ignored" "$("$top" --once /life)" "life: running"

out=$("$top" --once --json life)
is "--json: status" "$?" 0
is "--json: one line" "$(echo "$out" | wc -l | tr -d ' ')" 1
is "--json: slots" "$(number slots)" 8
is "--json: readers" "$(number readers)" 1
is "--json: holds" "$(number holds_granted)" 2
rate=$(number rate)
ok "--json: about 50 a second (it is $rate)" \
	test "${rate%.*}" -ge 25 -a "${rate%.*}" -le 60
like "--json: the reader's label" "$out" '"label": "recorder"'
like "--json: latencies" "$out" '"latency_ns": {"held": {"count": 1, '
python() { # EXPRESSION over ring, which is the object in $out
	echo "$out" | python3 -c "
import json, sys
ring = json.load(sys.stdin)
print($1)" 2>&1
}
if command -v python3 >/dev/null 2>&1; then
	is "python: who holds what" \
		"$(python 'len(ring["reader"][0]["holds"])')" 1
	is "python: slots are as many as there are" \
		"$(python 'len(ring["slot"]) == ring["slots"]')" True
	is "python: the layout" "$(python 'ring["layout"]["slots_offset"] +
		ring["slots"] * ring["layout"]["slot_bytes"] < ring["bytes"]')" \
		True
else
	skip "python" "no python3"
fi

# Looking is not noticed.
out=$("$top" --once --json life)
is "an inspector is no reader" "$(number readers)" 1

kill -STOP $life
wait_for grep -q '^State:.*T' /proc/$life/status
like "a stopped producer" "$("$top" --once life)" "life: stopped"
like "its reader is seen" "$("$top" --once life)" "A recorder"
kill -CONT $life

# At work.  script(1) makes the terminal; keys come by a pipe.
if ! script -qec true /dev/null >/dev/null 2>&1; then
	skip "the dashboard" "no script"
	done_testing
fi

open_terminal() { # ROWS COLUMNS ARGUMENT...
	rm -f "$tap_tmp/keys" "$tap_tmp/tty" "$tap_tmp/status"
	mkfifo "$tap_tmp/keys"
	cat >"$tap_tmp/run" <<-END
		stty rows $1 cols $2
		tty >'$tap_tmp/tty'
		sh -c "echo \\\$\\\$ >'$tap_tmp/pid'; exec '$top' $3"
		echo \$? >'$tap_tmp/status'
	END
	script -qefc "sh '$tap_tmp/run'" /dev/null <"$tap_tmp/keys" \
		>"$tap_tmp/screen" 2>&1 &
	terminal=$!
	started="$started $terminal"
	exec 9>"$tap_tmp/keys"
	wait_for test -s "$tap_tmp/tty"
}

press() {
	printf '%b' "$1" >&9
}

shows() { # WHAT TEXT: soon
	ok "$1" wait_for grep -aqF -e "$2" "$tap_tmp/screen"
}

ends() { # WHAT
	ok "$1: it ends" wait_for test -s "$tap_tmp/status"
	is "$1: status" "$(cat "$tap_tmp/status")" 0
	exec 9>&-
	wait $terminal 2>/dev/null
}

resize() { # ROWS COLUMNS
	: >"$tap_tmp/screen"
	stty -F "$(cat "$tap_tmp/tty")" rows "$1" cols "$2"
}

export TERM=xterm-256color
unset NO_COLOR
open_terminal 24 80 life
shows "80x24: the header" "shmx top"
shows "80x24: memory" "MEMORY"
shows "80x24: legend" "published"
shows "80x24: slots" "SLOT"
shows "80x24: readers" "recorder"
shows "80x24: latency" "LATENCY"
shows "80x24: keys" "quit"
not_ok "80x24: what needs more room is not there" \
	grep -aqF "PRESENTED" "$tap_tmp/screen"
ok "it has colours" grep -aq "$(printf '\033')\[[0-9;]*38;5;" "$tap_tmp/screen"
resize 60 200
shows "200x60: more is shown" "PRESENTED"
shows "200x60: how frames were drawn" "DRAWN IN"
for size in "5 20" "1 1" "3 200" "60 10" "24 80"; do
	# shellcheck disable=SC2086 # two numbers
	resize $size
	sleep 0.3
done
shows "small ones and back: it is there" "MEMORY"
press p
shows "p pauses" "paused"
press p
kill -9 $reader
wait $reader 2>/dev/null
shows "the reader has gone" "Nobody reads it"
kill -9 $life
wait $life 2>/dev/null
shows "so has the ring" "gone"
sleep 0.5
not_ok "what it was is not forgotten" grep -aqF "0 slots" "$tap_tmp/screen"
: >"$tap_tmp/screen"
start_ring life --loop --fps 50
shows "the next one is found" "running"
press q
ends "q"

open_terminal 24 80 nobody
shows "a ring that is not there is waited for" "Waiting for ring"
shows "why" "nothing produces it"
press q
ends "from waiting"

# No name: the only one, or a list.
start_ring other --stay
other=$pid
open_terminal 24 80 ""
shows "a list of rings" "PRODUCER"
shows "with the first" "life"
shows "and the second" "other"
press '\r'
shows "enter watches one" "MEMORY"
press '\t'
shows "tab goes on" "next ring"
shows "to the second" "(pid $other)"
: >"$tap_tmp/screen"
press l
shows "l shows the list" "PRODUCER"
: >"$tap_tmp/screen"
press '\r'
shows "where one was" "(pid $other)"
press l
press q
ends "from the list"

NO_COLOR=1
export NO_COLOR
open_terminal 24 80 other
shows "NO_COLOR: it is shown" "MEMORY"
shows "all of it" "quit"
not_ok "NO_COLOR: no colour" \
	grep -aqE "$(printf '\033')\[([0-9]+;)*[34][0-9]" "$tap_tmp/screen"
kill -TERM $other
shows "its end is seen" "gone"
# A terminal that hangs up.
ok "it runs" kill -0 "$(cat "$tap_tmp/pid")"
kill $terminal
wait $terminal 2>/dev/null
ok "it does not outlive its terminal" \
	wait_for sh -c "! kill -0 $(cat "$tap_tmp/pid")"

TERM=nothing-known
open_terminal 24 80 life
ok "an unknown terminal: it ends" wait_for test -s "$tap_tmp/status"
is "an unknown terminal: status" "$(cat "$tap_tmp/status")" 1
shows "an unknown terminal: what to do" "--once"
exec 9>&-
wait $terminal 2>/dev/null
done_testing
