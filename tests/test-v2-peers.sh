#!/bin/sh
# Our own peers of SHMX v2.0 against each other, each a process.
. "${top_srcdir:-.}/tests/tap.sh"

v2=$top_builddir/tests/v2
name=shmfb-test-v2-$$

# peers WRITER'S OPTIONS -- READER'S OPTIONS: $reader_status, out.w, out.r
peers() {
	writer=
	while [ "$1" != -- ]; do
		writer="$writer $1"
		shift
	done
	shift
	# shellcheck disable=SC2086
	"$v2/v2-write" $writer "$name" >"$tap_tmp/out.w" 2>&1 &
	writer_pid=$!
	"$v2/v2-read" "$@" "$name" >"$tap_tmp/out.r" 2>&1
	reader_status=$?
	wait "$writer_pid"
}

said() { # WHAT FILE TEXT
	like "$1" "$(cat "$tap_tmp/$2")" "$3"
}

# A ring of more than a second: long enough for any reader.
peers --await 1 --frames 40 --every 20000 --slots 64 --stay -- \
	--frames 10 --verify --hash --directory --control 5
is "the reader is content" "$reader_status" 0
said "it sees the directory" out.r "stream=43 type=7 components=1 layout=0 bytes=4 extra=5 name=right"
said "and each stream of frames" out.r " 43:"
said "none torn" out.r " torn=0 sent=5"
said "its messages arrive" out.w "control=0x3000 bytes=8 number=5"
said "the writer is through" out.w "published=40 reaped=0"

peers --await 1 --frames 20 --every 20000 --slots 64 --stay --skew \
	--resume 1000 -- --frames 5 --verify --control 2
is "the same where ours lies" "$reader_status" 0
said "none torn there" out.r " torn=0 sent=2"
said "its messages arrive there" out.w "number=2"

# Who looks later than the ring is long sees another frame, or none.
peers --await 1 --frames 200 --every 1000 --slots 2 --stay -- \
	--frames 5 --verify --linger 100000
is "a slow reader sees torn frames" "$reader_status" 3

"$v2/v2-write" --await 2 --stay --frames 3 "$name" >"$tap_tmp/out.w" 2>&1 &
writer_pid=$!
ok "a killed reader leaves its record" \
	"$v2/v2-read" --frames 0 --control 1 --keep "$name"
said "it has sent" output "sent=1"
"$v2/v2-inspect" "$name" >"$tap_tmp/out.i" 2>&1
said "an inspector sees it" out.i "reader=0"
said "and its message" out.i "control=0x3000"
said "and the streams" out.i "stream=42 name=left"
said "and all slots" out.i "slot=3 frame=0"
ok "a second one starts the writer" \
	"$v2/v2-read" --frames 1 --verify "$name"
wait "$writer_pid"
said "the first is reaped by its heartbeat" out.w "reaped=1"
not_ok "nothing is left" test -e "/dev/shm/$name"

done_testing
