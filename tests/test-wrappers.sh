#!/bin/sh
# with-tmp and with-xvfb give what they promise, and leave nothing behind.
. "${top_srcdir:-.}/tests/tap.sh"

with_tmp() {
	"$top_srcdir/tests/with-tmp" "$@"
}

with_xvfb() {
	"$top_srcdir/tests/with-xvfb" "$@"
}

# with-tmp

export DISPLAY=:99 SHMX_DEBUG=1 SHMFB_NO_SHM=1
# shellcheck disable=SC2016 # for the shell within
out=$(with_tmp sh -c 'echo "$SHMX_DIR $XDG_RUNTIME_DIR $TMPDIR"
	stat -c %a "$SHMX_DIR" "$XDG_RUNTIME_DIR" "$TMPDIR"')
one=$(echo "$out" | head -n 1)
is "the directories are private" "$(echo "$out" | tail -n +2 | uniq)" 700
# shellcheck disable=SC2086 # words
is "they are three" "$(printf '%s\n' $one | sort -u | wc -l)" 3
is "and gone afterwards" "$(for dir in $one; do ls -d "$dir"; done 2>&1 |
	grep -vc 'No such file')" 0
# shellcheck disable=SC2016
two=$(with_tmp sh -c 'echo "$SHMX_DIR $XDG_RUNTIME_DIR $TMPDIR"')
ok "another run has others" test "$one" != "$two"
# shellcheck disable=SC2016
is "the user's environment does not reach in" \
	"$(with_tmp sh -c 'echo "${DISPLAY-}${SHMX_DEBUG-}${SHMFB_NO_SHM-}"')" ""
with_tmp sh -c 'exit 7'
is "the exit status is the program's" "$?" 7
unset DISPLAY SHMX_DEBUG SHMFB_NO_SHM

# with-xvfb where there is none

mkdir "$tap_tmp/bin"
for tool in sh cat; do
	ln -s "$(command -v "$tool")" "$tap_tmp/bin/$tool"
done
out=$(PATH=$tap_tmp/bin "$top_srcdir/tests/with-xvfb" sh -c 'exit 7')
is "no Xvfb: exit status" "$?" 0
is "no Xvfb: the test is skipped" "$out" "1..0 # SKIP Xvfb is not installed"

# with-xvfb where it does not start

printf '#!/bin/sh\necho no display for you >&2\nexit 1\n' >"$tap_tmp/bin/Xvfb"
chmod +x "$tap_tmp/bin/Xvfb"
out=$(PATH=$tap_tmp/bin:$PATH with_xvfb sh -c 'exit 7')
is "it does not start: exit status" "$?" 99
like "it does not start: says why" "$out" "no display for you"

if ! command -v Xvfb >/dev/null || ! command -v pgrep >/dev/null; then
	skip "a server of one's own" "needs Xvfb and pgrep"
	done_testing
fi

# A program for them to run: which display it has, and which process serves it.
show=$tap_tmp/show
cat >"$show" <<-'END'
#!/bin/sh
echo "$DISPLAY $(pgrep -P $PPID -x Xvfb)"
END
chmod +x "$show"

# Is the server of "DISPLAY PID" gone? It has five seconds.
is_gone() {
	[ -n "${1#* }" ] || return 1
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		if ! kill -0 "${1#* }" 2>/dev/null; then
			return 0
		fi
		sleep 0.5
	done
	return 1
}

# shellcheck disable=SC2016
served=$(with_xvfb sh -c '. "$0"; kill -0 $(pgrep -P $PPID -x Xvfb) && exit 7' \
	"$show")
is "with a server the exit status is the program's" "$?" 7
like "the program has a display" "$served" ":"
ok "the server is gone afterwards" is_gone "$served"

# Several at once, each with its own.
for i in 1 2 3; do
	# shellcheck disable=SC2016
	with_xvfb sh -c '. "$0"; sleep 1' "$show" >"$tap_tmp/served.$i" &
done
wait
is "three at once have three displays" \
	"$(cut -d ' ' -f 1 "$tap_tmp"/served.? | sort -u | wc -l)" 3

# The program kills the wrapper, which then can clean up nothing.
if setpriv --pdeathsig TERM true 2>/dev/null; then
	# shellcheck disable=SC2016
	with_xvfb sh -c '. "$0"; kill -9 $PPID' "$show" \
		>"$tap_tmp/served" 2>/dev/null
	is "the wrapper was killed" "$?" 137
	ok "and its server is gone too" is_gone "$(cat "$tap_tmp/served")"
else
	skip "the wrapper was killed" "no setpriv --pdeathsig"
fi

done_testing
