#!/bin/sh
# The format's document suffices: tests/shmx-reader.py, in Python and written
# from doc/shmx-format.md alone, reads what our producers make.
#
# The video's frames are all different in each pixel, and frame q of the ring is
# the file's at (q - 1) modulo their number: a hash tells whether it is whole.
. "${top_srcdir:-.}/tests/tap.sh"

command -v python3 >/dev/null 2>&1 || skip_all "there is no python3"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
	skip_all "python3 is older than 3.10"
[ "$(uname -m)" = x86_64 ] ||
	skip_all "the argument for its order of accesses is x86-64's"

reader=$top_srcdir/tests/shmx-reader.py
push=$top_builddir/tools/shmx-push
grower=$top_builddir/tests/grower
swarm=$top_builddir/demos/swarm/swarm
video=$tap_tmp/video
named=shmfb-test-python-$$
started=

trap 'kill -KILL $started 2>/dev/null; rm -rf "$tap_tmp" "/dev/shm/$named"' EXIT

# Who compares what was read with the video.
cat >"$tap_tmp/check.py" <<'END'
import hashlib, json, sys
video = open(sys.argv[1], "rb").read()
size = 70 * 32 * 4
hashes = [hashlib.blake2b(video[at:at + size], digest_size=8).hexdigest()
          for at in range(0, len(video), size)]
last = told = 0
for line in open(sys.argv[2]):
    event = json.loads(line)
    if "frame" not in event:
        continue
    q = event["frame"]
    if q <= last or event["hash"] != hashes[(q - 1) % len(hashes)]:
        sys.exit(f"after {last}: {line}")
    last, told = q, told + 1
print(told)
END

# 251 frames of 70x32, with rows of 280 bytes, which have a stride of 320.
python3 - "$video" <<'END'
import array, sys
with open(sys.argv[1], "wb") as f:
    for n in range(251):
        array.array("I", [(n * 0x01000193 + i) & 0xFFFFFFFF
                          for i in range(70 * 32)]).tofile(f)
END

# whole WHAT FILE COUNT: it tells of COUNT frames, and all are whole.
whole() {
	is "$1" "$(python3 "$tap_tmp/check.py" "$video" "$2" 2>&1)" "$3"
}

# field FILE LINE NAME: a number or a string of one JSON object
field() {
	sed -n "$2p" "$1" | sed -n "s/.*\"$3\": \"*\([^\",}]*\).*/\1/p"
}

# soon COMMAND...: it succeeds before long.
soon() {
	tries=500
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.02
	done
}

is_held() { # RING COUNT
	"$top_builddir/tools/shmx-top" --once --json "$1" >"$tap_tmp/top" &&
		[ "$(grep -o '"held_by": \[[^]]' "$tap_tmp/top" | wc -l)" = "$2" ]
}

# run ARGUMENT...: the reader; $status, and files out and err
run() {
	timeout 60 python3 "$reader" "$@" >"$tap_tmp/out" 2>"$tap_tmp/err"
	status=$?
}

# begin ARGUMENT...: push the video round and round; $producer is its process.
begin() {
	"$push" "$@" --size 70x32 --loop --stats "$video" >"$tap_tmp/stats" &
	producer=$!
	started="$started $producer"
}

# watch ARGUMENT...: a reader of ring, $watcher, that has told of a frame
watch() {
	rm -f "$tap_tmp/out"
	timeout 60 python3 "$reader" ring "$@" >"$tap_tmp/out" \
		2>"$tap_tmp/err" &
	watcher=$!
	soon grep -q frame "$tap_tmp/out"
}

says() { # WHAT STATUS TEXT
	is "$1: status" "$status" "$2"
	is "$1: one line" "$(wc -l <"$tap_tmp/err")" 1
	like "$1: words" "$(cat "$tap_tmp/err")" "$3"
}

run
says "no name" 2 "NAME"
run ../ring
says "a name that is none" 2 "no name for a ring"
run ring --send 1
says "a message that is none" 2 "no message"
run ring
says "no producer" 1 "nothing produces it"
run ring --v2
says "no object of v2.0" 1 "nothing produces it"

# --- full rate, readers of every kind ----------------------------------------

begin ring
readers=
for i in 1 2 3; do
	timeout 60 python3 "$reader" ring --wait --frames 4000 --pixels-hash --json \
		>"$tap_tmp/reader$i" &
	readers="$readers $!"
done
python3 "$reader" ring --wait --hold 100 --frames 1 >/dev/null &
killed=$!
started="$started $killed"
ok "a reader holds a frame" soon is_held ring 1
kill -KILL $killed
wait $killed 2>/dev/null
for process in $readers; do
	ok "a reader of thousands ends well" wait "$process"
done
for i in 1 2 3; do
	whole "reader $i: thousands of frames, all whole" "$tap_tmp/reader$i" 4000
done
ok "what the killed one held is free" soon is_held ring 0
run ring --frames 1 --hold 1 --pixels-hash --json
is "a frame held for a second: status" "$status" 0
whole "it is whole" "$tap_tmp/out" 1
is "and does not change" "$(field "$tap_tmp/out" 1 hash_after)" \
	"$(field "$tap_tmp/out" 1 hash)"
passed=$(field "$tap_tmp/out" 1 passed)
ok "while thousands pass ($passed)" test "$passed" -gt 2000
kill $producer
wait $producer
is "no frame was lost" "$(field "$tap_tmp/stats" 1 frames_dropped)" 0

begin "$named" --named
run "$named" --wait --frames 2000 --pixels-hash --json
is "a named ring, held: status" "$status" 0
whole "2000 frames, all whole" "$tap_tmp/out" 2000
run "$named" --frames 1 --hold 1 --pixels-hash --json
is "one of them held for a second" "$(field "$tap_tmp/out" 1 hash_after)" \
	"$(field "$tap_tmp/out" 1 hash)"
whole "is whole" "$tap_tmp/out" 1
kill $producer
wait $producer
is "no frame of it was lost" "$(field "$tap_tmp/stats" 1 frames_dropped)" 0

# A copy is whole if the slot was not written again meanwhile, which nobody
# promises a reader of v2.0: at full rate it may find none for as long as the
# machine is busy.  This is a rate that it can follow.
begin "$named" --named --fps 200
run "$named" --v2 --wait --frames 100 --pixels-hash --json
is "copied as v2.0 does: status" "$status" 0
whole "100 frames, all whole" "$tap_tmp/out" 100
timeout 60 python3 "$reader" "$named" --v2 >"$tap_tmp/v2" &
watcher=$!
soon grep -q frame "$tap_tmp/v2"
kill $producer
wait $producer
is "nor was one at its pace" "$(field "$tap_tmp/stats" 1 frames_dropped)" 0
wait $watcher
is "and a reader of v2.0 sees the end" $? 0

# --- one after the other -----------------------------------------------------

begin ring --history 5 --slots 16 --fps 500
run ring --wait --in-order --frames 1000 --pixels-hash --json
whole "in order, 1000 frames" "$tap_tmp/out" 1000
first=$(field "$tap_tmp/out" 1 frame)
last=$(field "$tap_tmp/out" 1000 frame)
is "what is passed over is counted" "$(field "$tap_tmp/out" 1000 skipped)" \
	$((last - first - 999))
kill $producer
wait $producer

# --- a ring that grows -------------------------------------------------------

# Told of each frame before the next one is made; or in order, of some at once,
# as many as the history keeps: none of any ring is missing, or is not whole.
cat >"$tap_tmp/grow.py" <<'END'
import hashlib, json, signal, struct, subprocess, sys
grower, reader, how = sys.argv[1:]
start = lambda *words: subprocess.Popen(
    words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
producer = start(grower, "ring")
def tell(what):
    print(what, file=producer.stdin, flush=True)
    return int(producer.stdout.readline())
def check(q, width, height):
    event = json.loads(told.stdout.readline())
    pixels = struct.pack(f"<{width * height}I", *(
        q * 2654435761 % 2**32 ^ i for i in range(width * height)))
    want = {"frame": q, "width": width, "height": height, "hash":
            hashlib.blake2b(pixels, digest_size=8).hexdigest()}
    if not want.items() <= event.items() or event["skipped"]:
        sys.exit(f"{event}, not {want}")
sizes = [(70, 32), (161, 90), (20, 10), (320, 200)]
frames = 0
for n, size in enumerate(sizes):
    assert tell("grow %dx%d" % size) == frames
    if n == 0:
        told = start("python3", reader, "ring", "--json", "--pixels-hash",
                     *(["--in-order"] if how == "in-order" else []))
        tell("frames 1")
        check(1, *size)
        frames = 1
    for count in (3, 1, 4) if how == "in-order" else (1, 1, 1):
        assert tell(f"frames {count}") == frames + count
        for frames in range(frames + 1, frames + count + 1):
            check(frames, *size)
if how == "in-order":   # two of the old ring, one of the next, none yet read
    told.send_signal(signal.SIGSTOP)
    tell("frames 2")
    tell("grow 8x8")
    tell("frames 1")
    told.send_signal(signal.SIGCONT)
    check(frames + 1, *size)
    check(frames + 2, *size)
    check(frames + 3, 8, 8)
producer.stdin.close()
end = json.loads(told.stdout.readline())
sys.exit(end["end"] != "ended" or told.wait() or producer.wait())
END
for how in newest in-order; do
	timeout 60 python3 "$tap_tmp/grow.py" "$grower" "$reader" $how \
		>"$tap_tmp/output" 2>&1
	is "whole frames of rings that grow, $how: status" $? 0
	is "and nothing to say" "$(cat "$tap_tmp/output")" ""
done

# --- sleeping ----------------------------------------------------------------

# Each frame is written when the reader has told of the one before, so that a
# wake-up that is lost is never made good by a later frame.
cat >"$tap_tmp/lockstep.py" <<'END'
import json, subprocess, sys, time
push, video, reader, count = *sys.argv[1:4], int(sys.argv[4])
frame = 70 * 32 * 4
data = open(video, "rb").read()
producer = subprocess.Popen([push, "ring", "--size", "70x32"],
                            stdin=subprocess.PIPE, bufsize=0)
told = subprocess.Popen(["python3", reader, "ring", "--wait", "--json",
                         "--pixels-hash", "--frames", str(count)],
                        stdout=subprocess.PIPE, text=True)
for n in range(count):
    if n in (1, 2):
        time.sleep(0.5)		# it has gone to sleep, for certain
    at = n % 251 * frame
    producer.stdin.write(data[at:at + frame])
    line = told.stdout.readline()
    if json.loads(line)["frame"] != n + 1:
        sys.exit(f"frame {n + 1}: {line}")
    print(line, end="")
print(told.stdout.read(), end="")
producer.stdin.close()
sys.exit(told.wait() or producer.wait())
END
timeout 60 python3 "$tap_tmp/lockstep.py" "$push" "$video" \
	"$reader" 500 >"$tap_tmp/out"
is "each of 500 frames wakes a sleeper" $? 0
whole "they are whole" "$tap_tmp/out" 500
sleeps=$(field "$tap_tmp/out" 501 sleeps)
ok "between them it sleeps, and looks no more often ($sleeps)" \
	test "$sleeps" -gt 2 -a "$sleeps" -lt 600

# --- the end, and after it ---------------------------------------------------

begin ring --fps 50
watch --wait
kill $watcher
wait $watcher
watch
kill $producer
wait $watcher
is "a producer that ends" $? 0
like "says so" "$(tail -n 1 "$tap_tmp/out")" "end=ended"
wait $producer

begin ring --fps 50
watch --wait --frames 60 --pixels-hash --json
follower=$watcher
mv "$tap_tmp/out" "$tap_tmp/followed"
watch
kill -KILL $producer
wait $watcher
status=$?
says "a producer that is killed" 1 "has died"
ok "who waits says so as well" soon grep -q '"died"' "$tap_tmp/followed"
begin ring --fps 50
wait $follower
is "and follows the next" $? 0
sed '/"end"/,$d' "$tap_tmp/followed" >"$tap_tmp/before"
sed '1,/"end"/d' "$tap_tmp/followed" >"$tap_tmp/after"
is "60 frames of both, all whole" \
	"$(($(python3 "$tap_tmp/check.py" "$video" "$tap_tmp/before") +
	$(python3 "$tap_tmp/check.py" "$video" "$tap_tmp/after")))" 60
kill $producer
wait $producer

begin ring --slots 3
python3 "$reader" ring --wait --hold 100 --frames 1 >/dev/null &
holds=$!
started="$started $holds"
soon is_held ring 1
run ring
says "a ring whose holds are taken" 1 "pid $holds"
kill $holds $producer
wait $holds $producer

# --- numbers, and messages ---------------------------------------------------

"$swarm" --agents 2000 --rate 200 >/dev/null 2>&1 &
producer=$!
started="$started $producer"
# Messages of all lengths, many times around, and then 1, which is SWARM_SET:
# parameter 3, the noise, and 0.25 as a float.
set --
length=0
while [ $length -lt 2024 ]; do
	set -- "$@" --send "7:$(printf '%*s' $length '')"
	length=$((length + 53))
done
run swarm --wait --frames 200 --dump-streams --json "$@" \
	--send '1:\x03\0\0\0\0\0\x80>'
is "streams: status" "$status" 0
python3 - "$tap_tmp/out" >"$tap_tmp/told" 2>&1 <<'END'
import json, sys
noise = []
for line in open(sys.argv[1]):
    event = json.loads(line)
    if "frame" not in event:
        continue
    streams = {s["name"]: s for s in event["streams"]}
    assert len(streams) == 5, line
    for name, kind, components, elements in (
            ("positions", "f32", 2, 2000), ("velocities", "f32", 2, 2000),
            ("parameters", "f32", 1, 5), ("order", "f64", 1, 1)):
        s = streams[name]
        assert (s["type"], s["components"], s["elements"]) == (
            kind, components, elements), line
    assert 0 <= streams["positions"]["min"] < 0.1, line
    assert 0.9 < streams["positions"]["max"] < 1, line
    assert 0 <= streams["order"]["min"] <= 1, line
    noise.append(streams["parameters"]["values"][3])
print(len(noise), noise[-1])
END
is "200 frames of streams, and a parameter that was sent last" \
	"$(cat "$tap_tmp/told")" "200 0.25"
kill $producer
wait $producer

done_testing
