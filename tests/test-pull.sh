#!/bin/sh
# `shmx pull`: what it writes is what was pushed, and what it says when it
# cannot.
. "${top_srcdir:-.}/tests/tap.sh"

push=$top_builddir/tools/shmx-push
pull=$top_builddir/tools/shmx-pull
raw=$tap_tmp/raw
started=

finish() {
	# shellcheck disable=SC2086 # one word each
	[ -z "$started" ] || kill -9 $started 2>/dev/null
	rm -rf "$tap_tmp"
}
trap finish EXIT

# Run it; $out, $err and $status are what came of it.
run() {
	timeout 20 "$pull" "$@" >"$tap_tmp/out" 2>"$tap_tmp/err"
	status=$?
	err=$(cat "$tap_tmp/err")
}

# says WHAT STATUS TEXT: it ended so, with one line that has the text in it.
says() {
	is "$1: status" "$status" "$2"
	is "$1: one line" "$(wc -l <"$tap_tmp/err")" 1
	like "$1: words" "$err" "$3"
}

start_ring() { # NAME OPTION...
	"$push" "$@" &
	pid=$!
	started="$started $pid"
	tries=0
	until [ -S "$SHMX_DIR/$1.sock" ] || [ $tries = 250 ]; do
		sleep 0.02
		tries=$((tries + 1))
	done
}

# One frame of 101x50, whose rows are not a multiple of 64 bytes long.
head -c $((101 * 50 * 4)) /dev/urandom >"$raw"

# ------------------------------------------------------------- the words --

run --help
is "--help: status" "$status" 0
like "--help teaches" "$(cat "$tap_tmp/out")" "ffmpeg"
run
is "no name: status" "$status" 2
run ring
is "no format: status" "$status" 2
run ring --format gif
is "unknown format: status" "$status" 2
like "unknown format: words" "$err" "y4m"
run ring --format png
is "PNGs to stdout: status" "$status" 2
run ring --frames 2 "$tap_tmp/x.png"
is "two frames into one PNG: status" "$status" 2
for bad in 'x-%s.png' 'x-%d-%d.png' 'x-%5d.png' 'x-%n.png' 'x%.png'; do
	run ring "$tap_tmp/$bad"
	is "the pattern $bad: status" "$status" 2
done
run ring "$tap_tmp/x-%d.y4m"
is "a y4m for each frame: status" "$status" 2
run none --format raw
says "no such ring" 1 "--wait"

# ------------------------------------------------------------ the pixels --

start_ring one --size 101x50 --stay "$raw"
one=$pid
run one --format raw --frames 1
ok "raw: as it was pushed" cmp "$raw" "$tap_tmp/out"
run one "$tap_tmp/one.raw" --frames 1
ok "raw: by the name of its file" cmp "$raw" "$tap_tmp/one.raw"
run one - --format ppm --frames 1
is "ppm: its head" "$(head -n 2 "$tap_tmp/out" | tr '\n' ' ')" "P6 101 50 "
cp "$tap_tmp/out" "$tap_tmp/one.ppm"
start_ring again --stay "$tap_tmp/one.ppm"
run again --format ppm --frames 1
ok "ppm: pushed and pulled again" cmp "$tap_tmp/one.ppm" "$tap_tmp/out"
run one "$tap_tmp/100%%-%03d.png" --frames 1
ok "png: by a pattern" test -s "$tap_tmp/100%-001.png"
run one "$tap_tmp/50%%.png"
ok "png: a percent sign in the name of one" test -s "$tap_tmp/50%.png"
run one --frames 1 "$tap_tmp/50%%.raw"
ok "raw: a percent sign in its name" cmp "$raw" "$tap_tmp/50%.raw"
run one "$tap_tmp/one.png"
is "png: one is enough" "$status" 0
run one --format y4m --frames 1
is "y4m: its head" "$(head -n 1 "$tap_tmp/out")" \
	"YUV4MPEG2 W101 H50 F60:1 Ip A1:1 C444"
cp "$tap_tmp/out" "$tap_tmp/one.y4m"
if command -v ffmpeg >/dev/null; then
	rgb() {
		ffmpeg -v error "$@" -f rawvideo -pix_fmt rgb24 -
	}
	rgb -f rawvideo -pix_fmt bgr0 -s 101x50 -i "$raw" >"$tap_tmp/want"
	rgb -i "$tap_tmp/one.png" >"$tap_tmp/got"
	ok "png: what was pushed, says ffmpeg" \
		cmp "$tap_tmp/want" "$tap_tmp/got"
	tail -c +15 "$tap_tmp/one.ppm" >"$tap_tmp/got"
	ok "ppm: what was pushed" cmp "$tap_tmp/want" "$tap_tmp/got"
	# Eight bits of Y, U and V are fewer colours than of R, G and B.
	far() {
		cmp -l "$tap_tmp/want" "$1" | awk '
		function dec(s) {
			return int(s / 100) * 64 + int(s / 10) % 10 * 8 + s % 10
		}
		{ d = dec($2) - dec($3); if (d < 0) d = -d
		  if (d > 4) n++ } END { print n + 0 }'
	}
	rgb -i "$tap_tmp/one.y4m" >"$tap_tmp/got"
	is "y4m: colours that ffmpeg finds elsewhere" \
		"$(far "$tap_tmp/got")" 0
else
	skip "pixels" "no ffmpeg"
fi

# Rings of other formats: as they lie, and as the pictures that they are. Five
# or six bits made eight, or ten, are what others may round differently.
as_is() { # PIXEL BYTES FFMPEG'S NAME
	head -c $((101 * 50 * $2)) "$raw" >"$tap_tmp/$1.raw"
	start_ring "$1" --as-is --pixel "$1" --size 101x50 --stay \
		"$tap_tmp/$1.raw"
	run "$1" --format raw --frames 1
	ok "$1, raw: as it was pushed" cmp "$tap_tmp/$1.raw" "$tap_tmp/out"
	run "$1" "$tap_tmp/$1.ppm" --frames 1
	run "$1" "$tap_tmp/$1.png"
	kill "$pid"
	wait "$pid"
	if ! command -v ffmpeg >/dev/null; then
		skip "$1: pictures" "no ffmpeg"
		return
	fi
	rgb -f rawvideo -pix_fmt "$3" -s 101x50 -i "$tap_tmp/$1.raw" \
		>"$tap_tmp/want"
	tail -c +15 "$tap_tmp/$1.ppm" >"$tap_tmp/got"
	is "$1, ppm: colours that ffmpeg finds elsewhere" \
		"$(far "$tap_tmp/got")" 0
	rgb -i "$tap_tmp/$1.png" >"$tap_tmp/want"
	ok "$1, png: the same" cmp "$tap_tmp/want" "$tap_tmp/got"
}
as_is xbgr8888 4 rgb0
as_is bgr24 3 bgr24
as_is rgb565 2 rgb565le
as_is xrgb2101010 4 x2rgb10le
as_is gray8 1 gray

# ----------------------------------------------------------- many frames --

head -c $((16 * 16 * 4 * 20)) /dev/urandom >"$tap_tmp/many"
start_ring busy --size 16x16 --loop --fps 200 "$tap_tmp/many"
busy=$pid
run busy --format raw --frames 7
is "seven frames" "$(wc -c <"$tap_tmp/out")" $((16 * 16 * 4 * 7))
run busy --frames 3 "$tap_tmp/f-%02d.ppm"
is "a file each" "$(cd "$tap_tmp" && echo f-*.ppm)" \
	"f-01.ppm f-02.ppm f-03.ppm"
run busy --format y4m --fps 60 --frames 3
is "y4m: one head and three frames" "$(wc -c <"$tap_tmp/out")" \
	$((38 - 1 + 3 * (6 + 16 * 16 * 3)))

# ----------------------------------------------------------------- rates --

# As the producer has it, within what a busy machine does to it.
start_ring slow --size 16x16 --loop --fps 25 "$tap_tmp/many"
slow=$pid
for frames in 20 5; do
	run slow --format y4m --frames $frames
	ok "$frames frames of 25 a second say so" \
		awk 'NR == 1 { sub("F", "", $4); split($4, r, ":")
		exit !(r[1] / r[2] > 20 && r[1] / r[2] < 30) }' "$tap_tmp/out"
	is "$frames frames: all are there" \
		"$(tail -n +2 "$tap_tmp/out" | wc -c)" \
		$((frames * (6 + 16 * 16 * 3)))
done
run slow --format y4m --frames 1
like "one frame has no rate" "$(head -n 1 "$tap_tmp/out")" " F60:1 "
for pair in 25=25:1 29.97=2997:100 30000/1001=30000:1001 12.50=25:2 \
		0.001=1:1000 50/2=25:1; do
	run slow --format y4m --fps "${pair%=*}" --frames 1
	like "--fps ${pair%=*}" "$(head -n 1 "$tap_tmp/out")" \
		" F${pair#*=} "
done
run busy --format ppm --fps 25 --frames 1
is "--fps of what has none: status" "$status" 2
like "--fps of what has none" "$err" "y4m"
for bad in 0 0.0 -1 25. .5 1/0 0/1 1/ 25fps 1e3 1/2/3 1000001 0.0009 \
		12345678901 ''; do
	run slow --format y4m --fps "$bad"
	is "--fps '$bad': status" "$status" 2
done
kill $slow

# -------------------------------------------------------- pipes and disks --

{
	timeout 20 "$pull" busy --format raw 2>"$tap_tmp/err"
	echo $? >"$tap_tmp/status"
} | head -c 5000 >/dev/null
is "nobody reads on: status" "$(cat "$tap_tmp/status")" 0
is "nobody reads on: not a word" "$(cat "$tap_tmp/err")" ""
timeout 20 "$pull" busy --format raw >/dev/full 2>"$tap_tmp/err"
status=$?
err=$(cat "$tap_tmp/err")
says "a full disk" 1 "No space left"
(
	trap '' XFSZ
	ulimit -f 8
	timeout 20 "$pull" busy --frames 1000 "$tap_tmp/big.raw" \
		2>"$tap_tmp/err"
)
status=$?
err=$(cat "$tap_tmp/err")
says "a file that may not grow" 1 "too large"
run busy --frames 1 "$tap_tmp/none/x.raw"
says "a directory that is not there" 1 "No such file"
run busy --frames 1 "$tap_tmp/none/x.png"
says "nor for a PNG" 1 "No such file"
mkfifo "$tap_tmp/slow"
sleep 60 <"$tap_tmp/slow" &
sleeper=$!
"$pull" busy --format raw "$tap_tmp/slow" 2>"$tap_tmp/err" &
puller=$!
sleep 0.3
kill $puller
ok "a pipe that is full can be left" wait $puller
kill $sleeper
wait $sleeper 2>/dev/null

# ------------------------------------------------------------------ ends --

run busy --every --format raw --frames 1
says "every frame of who does not wait" 1 "have to wait"
like "every frame of who does not wait: what to do" "$err" "shmx push --every"
"$pull" all --every --wait --format raw >"$tap_tmp/all" 2>"$tap_tmp/err" &
puller=$!
timeout 20 "$push" all --every --wait --size 16x16 "$tap_tmp/many"
is "--every: the producer's end" $? 0
ok "--every: our end" wait $puller
ok "--every: none is missing" cmp "$tap_tmp/many" "$tap_tmp/all"
"$pull" busy --format raw >"$tap_tmp/till" 2>"$tap_tmp/err" &
puller=$!
sleep 0.3
kill $busy
ok "it ends with its producer" wait $puller
ok "and has frames" test -s "$tap_tmp/till"
"$pull" later --wait --format raw --frames 1 >"$tap_tmp/later" &
puller=$!
sleep 0.2
start_ring later --size 101x50 --stay "$raw"
ok "--wait: it comes" wait $puller
ok "--wait: and has its frame" cmp "$raw" "$tap_tmp/later"
"$pull" one --format raw --frames 2 >/dev/null 2>"$tap_tmp/err" &
puller=$!
sleep 0.3
kill $one
wait $puller
status=$?
err=$(cat "$tap_tmp/err")
says "it ends before there were as many" 1 "after 1 frames"

done_testing
