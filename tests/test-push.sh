#!/bin/sh
# What `shmx push` takes, and what it says to what it does not take.
. "${top_srcdir:-.}/tests/tap.sh"

push=$top_builddir/tools/shmx-push
raw=$tap_tmp/raw

# Run it; $out, $err and $status are what came of it.
run() {
	"$push" "$@" >"$tap_tmp/out" 2>"$tap_tmp/err"
	status=$?
	out=$(cat "$tap_tmp/out")
	err=$(cat "$tap_tmp/err")
}

# says WHAT STATUS TEXT: it ended so, with one line that has the text in it.
says() {
	is "$1: status" "$status" "$2"
	is "$1: one line" "$(wc -l <"$tap_tmp/err")" 1
	like "$1: words" "$err" "$3"
}

frames() { # OUT: frames published
	sed -n 's/.*"frames_published": \([0-9]*\).*/\1/p' "$tap_tmp/out"
}

head -c 60000 /dev/urandom >"$raw"	# three of 100x50

run --help
is "--help: status" "$status" 0
like "--help teaches" "$out" "shmx view"
run --version
like "--version" "$out" "shmfb"

run
is "no name: status" "$status" 2
run ring
says "raw without a size" 2 "--size"
run ring --size 0x5
is "size of zero: status" "$status" 2
like "size of zero: words" "$err" "1 to 32767"
run ring --size 32768x5
is "size beyond 32767: status" "$status" 2
run ring --size 10x10 --pixel purple
is "unknown pixel format: status" "$status" 2
like "unknown pixel format: words" "$err" "rgb24"
run ring --size 10x10 --pixel rgb24 --as-is
says "a format that no ring has" 2 "bgr24"
run ring --format y4m --as-is
says "video as it is" 2 "raw pixels"
run "a/b" --size 100x50 "$raw"
says "a name with a slash" 1 "is no name for a ring"
run ring --size 100x50 "$tap_tmp/none"
says "no such file" 1 "No such file"
run ring --size 100x50 "$tap_tmp"
says "a directory" 1 "directory"

run ring --size 100x50 --stats "$raw"
is "three frames: status" "$status" 0
is "three frames" "$(frames)" 3

named=shmfb-test-push-$$
run ring --size 100x50 --lazy-checksum "$raw"
is "lazy checksums of what has none: status" "$status" 2
"$push" "$named" --named --size 100x50 --slots 5 --stay --stats "$raw" \
	>"$tap_tmp/out" 2>"$tap_tmp/err" &
pid=$!
tries=100
until [ -e "/dev/shm/$named" ] || [ $tries = 0 ]; do
	sleep 0.05
	tries=$((tries - 1))
done
ok "a named ring is there" "$top_builddir/tests/v2/v2-read" --frames 1 "$named"
kill "$pid"
wait "$pid"
like "it has a power of two of slots" "$(cat "$tap_tmp/out")" '"slots": 8'
not_ok "and is gone at the end" test -e "/dev/shm/$named"

head -c 50001 "$raw" >"$tap_tmp/cut"
run ring --size 100x50 "$tap_tmp/cut"
says "a stream that ends within a frame" 1 "ends within frame 3: 10001 of 20000"
like "it says that it was not shown" "$err" "not shown"
is "and leaves nothing behind" "$(ls "$SHMX_DIR" | grep -v '\.lock$')" ""

run ring --size 32767x32767 "$raw"
says "more than a ring may have" 1 "slots"
(
	ulimit -v 300000
	"$push" ring --size 3840x2160 --slots 64 "$raw" 2>"$tap_tmp/err"
)
status=$?
err=$(cat "$tap_tmp/err")
if [ -n "$SANITIZER_CFLAGS" ]; then
	skip "a memory limit" "sanitizers need address space"
else
	says "a memory limit" 1 "slots would fit"
	like "with the size of the ring" "$err" "MB"
fi

(
	SHMX_DIR=$tap_tmp/no/such/directory "$push" ring --size 100x50 "$raw" \
		2>"$tap_tmp/err"
)
status=$?
err=$(cat "$tap_tmp/err")
says "a directory of rings that cannot be" 1 "set SHMX_DIR"

# A name in use, and given back.
mkfifo "$tap_tmp/pipe"
"$push" ring --size 100x50 <"$tap_tmp/pipe" 2>"$tap_tmp/first" &
first=$!
exec 9>"$tap_tmp/pipe"
head -c 20000 "$raw" >&9
i=0
while [ ! -S "$SHMX_DIR/ring.sock" ] && [ $i -lt 250 ]; do
	sleep 0.02
	i=$((i + 1))
done
run ring --size 100x50 "$raw"
says "a name in use" 1 "(pid $first) produces it"
kill -9 $first
wait $first 2>/dev/null
exec 9>&-
run ring --size 100x50 --stats "$raw"
is "the name of a killed producer is free" "$(frames)" 3

# Formats.
{
	printf 'P6\n# a comment\n2 2\n255\n'
	printf 'abcdefghijkl'
	printf 'P6 2 2 255\nabcdefghijkl'
} >"$tap_tmp/two.ppm"
run ring --stats "$tap_tmp/two.ppm"
is "two PPMs in a row" "$(frames)" 2
printf 'P5 2 2 255\nabcd' >"$tap_tmp/one.pgm"
run ring --stats "$tap_tmp/one.pgm"
is "a PGM" "$(frames)" 1
printf 'P6 2 2 65535\nabcd' >"$tap_tmp/deep.ppm"
run ring "$tap_tmp/deep.ppm"
says "16 bits a channel" 1 "8 bits"
printf 'P6 2 2 255\nabc' >"$tap_tmp/cut.ppm"
run ring "$tap_tmp/cut.ppm"
says "a PPM that ends too early" 1 "ends within frame 1"
printf 'P6 2 2 255\nabcdefghijklP6 3 2 255\n' >"$tap_tmp/sizes.ppm"
run ring "$tap_tmp/sizes.ppm"
says "PPMs of two sizes" 1 "one size"
{
	printf 'YUV4MPEG2 W4 H2 F25:1 C420jpeg\n'
	printf 'FRAME\n'; printf 'abcdefghijkl'
	printf 'FRAME\n'; printf 'abcdefghijkl'
} >"$tap_tmp/two.y4m"
run ring --stats "$tap_tmp/two.y4m"
is "a YUV4MPEG2 stream" "$(frames)" 2
{
	printf 'YUV4MPEG2 W4 H2 F25:1 C420jpeg\n'
	printf 'FRAME\nabc'
} >"$tap_tmp/cut.y4m"
run ring "$tap_tmp/cut.y4m"
says "a YUV4MPEG2 that ends too early" 1 "ends within frame 1"
printf 'not a video' >"$tap_tmp/bad.y4m"
run ring "$tap_tmp/bad.y4m"
is "no YUV4MPEG2: status" "$status" 1
# Signals: noticed wherever it sleeps, and not if they were ignored before.
mkfifo "$tap_tmp/silent"
"$push" ring --size 16x16 "$tap_tmp/silent" &
silent=$!
sleep 0.3
kill $silent
ok "a pipe that nobody opens can be left" wait $silent
sleep 60 >"$tap_tmp/silent" &
sleeper=$!
"$push" ring --format y4m "$tap_tmp/silent" 2>"$tap_tmp/err" &
silent=$!
sleep 0.3
kill $silent
ok "and one that says nothing" wait $silent
is "without a word" "$(cat "$tap_tmp/err")" ""
kill $sleeper
wait $sleeper 2>/dev/null
(
	trap '' HUP
	exec "$push" ring --size 100x50 --stay "$raw"
) &
stays=$!
sleep 0.3
kill -HUP $stays
sleep 0.2
ok "a signal that was ignored stays so" kill -0 $stays
kill $stays
ok "and another ends it well" wait $stays

# A file that changes while it is looped must not draw beyond its slots.
head -c 12288 /dev/urandom >"$tap_tmp/noise"
{
	printf 'P6 64 64   255\n'
	cat "$tap_tmp/noise"
} >"$tap_tmp/loop.ppm"
"$push" ring --loop --fps 200 "$tap_tmp/loop.ppm" 2>"$tap_tmp/err" &
loop=$!
sleep 0.3
printf 'P6 1 4096  255\n' | dd of="$tap_tmp/loop.ppm" conv=notrunc 2>/dev/null
wait $loop
status=$?
err=$(cat "$tap_tmp/err")
says "a looped file of another size" 1 "one size"

run ring --fps 1000 --loop --size 100x50 </dev/null
says "--loop of nothing ends" 1 "no frame"
is "at the end nothing is left behind" \
	"$(ls "$SHMX_DIR" | grep -v '\.lock$')" ""

done_testing
