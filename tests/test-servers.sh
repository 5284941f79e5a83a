#!/bin/sh
# Servers of other kinds, and clients in other circumstances: on each of them
# tests/test-matrix.x11 goes every way to the window and compares its pixels.
# Which ways there are, and why, is written here, and what the server says of
# itself stands in the log.
. "${top_srcdir:-.}/tests/tap.sh"

matrix=$(cd "$top_builddir" && pwd)/tests/test-matrix.x11
proxy=$top_builddir/tests/swap-proxy
with_xvfb=$top_srcdir/tests/with-xvfb
all="auto=shm-fd shm sysv put present"

[ -x "$matrix" ] || skip_all "there are no X tests in this build"
command -v Xvfb >/dev/null 2>&1 || skip_all "Xvfb is not installed"

# Of another user, who must get there: the other directories are ours alone.
theirs=$(mktemp -d /tmp/shmfb-XXXXXX) || exit 99
trap 'rm -rf "$tap_tmp" "$theirs"' EXIT
chmod 755 "$theirs"
mkdir "$theirs/tmp" "$theirs/run" "$theirs/shmx"
chmod 777 "$theirs/tmp" && chmod 700 "$theirs/run" "$theirs/shmx"

# row NAME GRANTS WHY COMMAND...: the command leads to test-matrix.x11, with
# the server's options in XVFB_SCREEN and XVFB_FLAGS.
row() {
	name=$1 SHMX_TEST_GRANTS=$2 SHMX_TEST_WHY=$3
	SHMX_TEST_REPORT=$theirs/report
	export SHMX_TEST_GRANTS SHMX_TEST_WHY SHMX_TEST_REPORT
	shift 3
	: >"$SHMX_TEST_REPORT"
	chmod 666 "$SHMX_TEST_REPORT"
	timeout 100 sh "$with_xvfb" "$@" >"$tap_tmp/out" 2>&1
	status=$?
	sed "s/^/# $name: /" "$SHMX_TEST_REPORT"
	passed=$(grep -c '^ok ' "$tap_tmp/out")
	if [ $status = 0 ] && [ "$passed" -gt 30 ]; then
		pass "$name: $passed tests"
	else
		echo "exit status $status of: $*" >>"$tap_tmp/out"
		grep -v '^ok ' "$tap_tmp/out" >"$tap_tmp/failed"
		fail "$name" "$tap_tmp/failed"
	fi
}

in_namespace() {
	if unshare -i true 2>/dev/null; then
		echo unshare -i
	elif unshare -r -i true 2>/dev/null; then
		echo unshare -r -i
	fi
}

# --------------------------------------------------------------- servers --

for depth in 16 24 30; do
	XVFB_SCREEN=1024x768x$depth \
		row "depth $depth" "$all" "attaches descriptors" "$matrix"
done

XVFB_FLAGS="-extension MIT-SHM" row "no MIT-SHM" "auto=put put" \
	"the server has no MIT-SHM" "$matrix"
XVFB_FLAGS="-extension RENDER" row "no RENDER" "$all" "" "$matrix"

# Without, a request is at most 256 KiB long.
XVFB_FLAGS="-extension BIG-REQUESTS -extension MIT-SHM" \
	row "short requests" "auto=put put" "" "$matrix"

# Pixels of the other byte order, as the real server shows them.
for depth in 16 24 30; do
	# shellcheck disable=SC2016 # the display is the server's
	XVFB_SCREEN=1024x768x$depth row "byte-swapped at depth $depth" \
		"auto=put put" "the server has no MIT-SHM" \
		sh -c 'SHMX_TEST_LOOK=$DISPLAY exec "$@"' sh "$proxy" \
		"$matrix"
done

# --------------------------------------------------------------- clients --

# Local, says the server, but descriptors do not travel on such a connection,
# and it does not learn whose it is: then segments of mode 0600 are not its.
# shellcheck disable=SC2016
over_tcp='DISPLAY=127.0.0.1$DISPLAY; export DISPLAY; exec "$@"'
XVFB_FLAGS="-listen tcp" row "over TCP" \
	"auto=put put" "refused the descriptor (BadMatch)" \
	sh -c "$over_tcp" sh "$matrix"

# What comes through ssh is not local, whatever its address: the server knows
# it by the name of the program.
if cp "$matrix" "$theirs/ssh" &&
    CK_RUN_CASE=none "$theirs/ssh" >/dev/null 2>&1; then
	row "named ssh" "auto=put put" "BadRequest" "$theirs/ssh"
else
	skip "named ssh" "no program can be run in /tmp"
fi

unshare=$(in_namespace)
if [ -n "$unshare" ]; then
	# shellcheck disable=SC2086 # words
	row "another IPC namespace" "auto=shm-fd shm put present" \
		"attaches descriptors" $unshare "$matrix"
	# shellcheck disable=SC2086
	SHMFB_NO_FD=1 row "another IPC namespace, no descriptors" \
		"auto=put put" "System V segment" $unshare "$matrix"
else
	skip "another IPC namespace" "unshare -i is not allowed here"
	skip "another IPC namespace, no descriptors" \
		"unshare -i is not allowed here"
fi

# ----------------------------------------------------------------- users --

if [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 true 2>/dev/null &&
    cp "$matrix" "$theirs/matrix"; then
	chown -R 65534:65534 "$theirs/run" "$theirs/shmx"
	as_nobody="setpriv --reuid 65534 --regid 65534 --clear-groups env \
		TMPDIR=$theirs/tmp XDG_RUNTIME_DIR=$theirs/run \
		SHMX_DIR=$theirs/shmx HOME=$theirs/tmp"

	if command -v xauth >/dev/null 2>&1; then
		cookie=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
		xauth -f "$theirs/auth" add :0 . "$cookie" 2>/dev/null
		XVFB_FLAGS="-auth $theirs/auth"
		export XVFB_FLAGS
		# The number of the display is known when it is there.
		# shellcheck disable=SC2086,SC2016
		row "client of another user" "$all" "" $as_nobody \
			XAUTHORITY="$theirs/tmp/cookies" sh -c '
			xauth add "$DISPLAY" . "$1" 2>/dev/null && exec "$2"
			' sh "$cookie" "$theirs/matrix"
		# shellcheck disable=SC2086
		timeout 60 sh "$with_xvfb" $as_nobody "$theirs/matrix" \
			>"$tap_tmp/out" 2>&1
		is "unauthorised: exit status" $? 1
		like "unauthorised: is told" "$(cat "$tap_tmp/out")" \
			"does not let this user in"
		unset XVFB_FLAGS
	else
		skip "client of another user" "xauth is not installed"
		skip "unauthorised" "xauth is not installed"
	fi

	# The server's user may not attach our System V segments of mode 0600.
	# shellcheck disable=SC2086
	TMPDIR=$theirs/tmp XVFB_FLAGS=-ac \
		XVFB="setpriv --reuid 65534 --regid 65534 --clear-groups Xvfb" \
		row "server of another user" "auto=shm-fd shm put present" \
		"" "$matrix"
else
	for what in "client of another user" "unauthorised" \
	    "server of another user"; do
		skip "$what" "only root can be another user"
	done
fi

done_testing
