# tap.sh - what the shell tests share; they source it
#
#	. "${top_srcdir:-.}/tests/tap.sh"
#	ok "what should be so" command with arguments
#	not_ok "what should fail" command
#	is "these are equal" "$got" "$want"
#	ok "this comes to be so" eventually command with arguments
#	done_testing
#
# $top_srcdir, $top_builddir, $CC and the like come from `make check`; by hand,
# run in the build directory, with top_srcdir set if it is another.
# shellcheck shell=sh disable=SC2034

: "${top_srcdir:=.}" "${top_builddir:=.}" "${CC:=cc}" "${NM:=nm}" \
	"${MAKE:=make}" "${PKG_CONFIG:=pkg-config}" "${SANITIZER_CFLAGS=}"

# A make started by a test has nothing to do with the one that runs the test.
unset MAKEFLAGS MFLAGS MAKELEVEL

tap_count=0
tap_failed=0
tap_tmp=$(mktemp -d "${TMPDIR:-/tmp}/tap-XXXXXX") || exit 99
trap 'rm -rf "$tap_tmp"' EXIT
trap 'exit 99' HUP INT TERM

pass() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

# fail WHAT [FILE]: the file's lines say why.
fail() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
	if [ $# -gt 1 ]; then
		sed 's/^/#   /' "$2"
	fi
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

ok() {
	tap_what=$1
	shift
	if "$@" >"$tap_tmp/output" 2>&1; then
		pass "$tap_what"
	else
		echo "exit status $? of: $*" >>"$tap_tmp/output"
		fail "$tap_what" "$tap_tmp/output"
	fi
}

not_ok() {
	tap_what=$1
	shift
	if "$@" >"$tap_tmp/output" 2>&1; then
		echo "exit status 0 of: $*" >>"$tap_tmp/output"
		fail "$tap_what" "$tap_tmp/output"
	else
		pass "$tap_what"
	fi
}

is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		printf 'got:  %s\nwant: %s\n' "$2" "$3" >"$tap_tmp/output"
		fail "$1" "$tap_tmp/output"
	fi
}

# like WHAT GOT WANT: GOT contains WANT
like() {
	case $2 in
	*"$3"*)
		pass "$1" ;;
	*)
		printf 'got:  %s\nwant: ...%s...\n' "$2" "$3" \
			>"$tap_tmp/output"
		fail "$1" "$tap_tmp/output" ;;
	esac
}

# eventually COMMAND...: wait until it succeeds, for up to ten seconds, by the
# clock, as some commands wait by themselves
eventually() {
	tap_end=$(($(date +%s) + 10))
	until "$@"; do
		[ "$(date +%s)" -le $tap_end ] || return 1
		sleep 0.02
	done
}

# Has it ended, though nobody has waited for it?
ended() { # PID
	! grep -q '^State:[[:space:]]*[^Z[:space:]]' "/proc/$1/status" \
		2>/dev/null
}

# wait_end PID: the exit status of a child, which is killed if it does not end.
# Not by eventually(), of which it may be a part.
wait_end() {
	tap_patience=$(($(date +%s) + 10))
	until ended "$1"; do
		[ "$(date +%s)" -le $tap_patience ] || kill -9 "$1"
		sleep 0.02
	done
	wait "$1"
}

done_testing() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ]
	exit
}
