#!/bin/sh
# `shmx doctor`: what it finds without a display, and on servers that lack
# one thing or another.
. "${top_srcdir:-.}/tests/tap.sh"

doctor=$top_builddir/tools/shmx-doctor
server=

finish() {
	[ -z "$server" ] || kill -9 "$server" 2>/dev/null
	rm -rf "$tap_tmp"
}
trap finish EXIT

works() { # NAME: of the object in $tap_tmp/json: true, false or null
	sed -n "s/.*{\"name\": \"$1\", \"works\": \([a-z]*\),.*/\1/p" \
		"$tap_tmp/json"
}

advice() { # NAME
	sed -n "s/.*{\"name\": \"$1\",[^}]*\"advice\": \"\([^\"]*\)\"}.*/\1/p" \
		"$tap_tmp/json"
}

path() {
	sed -n 's/^{"path": "\([^"]*\)".*/\1/p' "$tap_tmp/json"
}

ask() { # OPTION...: with the variables that are set for it
	timeout 20 "$doctor" --json "$@" >"$tap_tmp/json" 2>"$tap_tmp/err"
	is "status" $? 0
}

start_server() { # OPTION...: its display in $DISPLAY
	[ -z "$server" ] || kill "$server"
	: >"$tap_tmp/number"
	Xvfb -displayfd 8 -nolisten tcp "$@" 8>"$tap_tmp/number" \
		>/dev/null 2>&1 &
	server=$!
	tries=0
	until [ -s "$tap_tmp/number" ] || [ $tries = 250 ]; do
		sleep 0.02
		tries=$((tries + 1))
	done
	DISPLAY=:$(cat "$tap_tmp/number")
	export DISPLAY
}

why() { # NAME
	sed -n "s/.*{\"name\": \"$1\",[^}]*\"why\": \"\([^\"]*\)\", .*/\1/p" \
		"$tap_tmp/json"
}

like "--help" "$("$doctor" --help)" "--json"
for switch in SHMFB_NO_SHM SHMFB_NO_FD SHMFB_NO_PRESENT SHMFB_NO_RENDER \
		SHMFB_NO_XINPUT SHMFB_NO_SPIN SHMX_NO_SPIN; do
	like "--help: $switch" "$("$doctor" --help)" "$switch"
done
"$doctor" ring 2>/dev/null
is "an argument: status" $? 2
"$doctor" >/dev/full 2>"$tap_tmp/err"
is "a full disk: status" $? 1
is "a full disk: one line" "$(wc -l <"$tap_tmp/err")" 1

# ---------------------------------------------------------- no display --

unset DISPLAY
ask
is "no display: is found" "$(works display)" false
like "no display: what to do" "$(advice display)" "DISPLAY"
is "no display: what to do is said once" \
	"$(grep -o 'start an X server' "$tap_tmp/json" | wc -l)" 1
is "no display: nothing was tried" "$(works MIT-SHM)" null
is "no display: no path" "$(path)" none
for name in "ring memory" seals rings "socket directory"; do
	is "no display: $name" "$(works "$name")" true
done
for pair in SHMX_NO_SPIN:spinning "SHMFB_NO_SPIN:window spinning"; do
	switch=${pair%:*}
	(
		export "$switch=1"
		ask
	) >/dev/null
	is "$switch is found" "$(works "${pair#*:}")" false
	like "$switch: why" "$(why "${pair#*:}")" "$switch is set"
	is "$switch: what to do" "$(advice "${pair#*:}")" "unset $switch"
done
ask
if [ "$(nproc)" -gt 1 ]; then
	is "readers spin" "$(works spinning)" true
	is "windows spin" "$(works "window spinning")" true
fi
is "nothing is left behind" "$(ls -A "$SHMX_DIR")" ""
: >"$tap_tmp/file"
(
	SHMX_DIR=$tap_tmp/file
	export SHMX_DIR
	ask
) >/dev/null
is "a directory that is none" "$(works "socket directory")" false
like "a directory that is none: what to do" "$(advice "socket directory")" \
	"SHMX_DIR"
"$doctor" >"$tap_tmp/out"
like "in words" "$(cat "$tap_tmp/out")" "for want of a display"
if command -v python3 >/dev/null; then
	ok "python reads it" python3 -c 'import json, sys
assert len(json.load(open(sys.argv[1]))["findings"]) >= 16' "$tap_tmp/json"
fi

# ------------------------------------------------------------- servers --

command -v Xvfb >/dev/null || {
	skip "servers" "no Xvfb"
	done_testing
}
start_server -screen 0 640x480x24

# Its vendor's name is any bytes, and any number of them: here with one that
# terminals obey.
"$top_builddir/tests/swap-proxy" "$doctor" >"$tap_tmp/out"
like "a server with a wild name" "$(cat "$tap_tmp/out")" "?vvv"
is "no escape is passed on" "$(tr -cd '\033' <"$tap_tmp/out" | wc -c)" 0
like "nor is all of it: there is room for the rest" \
	"$(grep vvv "$tap_tmp/out")" "640x480"

ask
for name in display MIT-SHM descriptors "System V" Present RENDER RANDR \
		XInput2 depth "byte order"; do
	is "Xvfb: $name" "$(works "$name")" true
done
is "Xvfb: the path" "$(path)" shm-fd
"$doctor" >"$tap_tmp/out"
like "in words" "$(cat "$tap_tmp/out")" "no copy"
like "versions" "$(cat "$tap_tmp/out")" "version 1.2"
is "a line each, of one width" \
	"$(grep -c '^................  \(yes\|no \|-  \)  ' "$tap_tmp/out")" \
	"$(tr '{' '\n' <"$tap_tmp/json" | grep -c '"works"')"
display=$DISPLAY
DISPLAY=:987 ask --display "$display"
is "--display" "$(works display)" true
for pair in NO_FD:descriptors NO_SHM:MIT-SHM NO_PRESENT:Present \
		NO_RENDER:RENDER NO_XINPUT:XInput2; do
	(
		export "SHMFB_${pair%:*}=1"
		ask
	) >/dev/null
	is "SHMFB_${pair%:*} is found" "$(works "${pair#*:}")" false
	like "SHMFB_${pair%:*}: what to do" "$(advice "${pair#*:}")" "unset"
done
SHMFB_NO_FD=1 ask
is "without descriptors: the path" "$(path)" shm-sysv
# The server sees the name of its client's program.
mkdir "$tap_tmp/bin"
if "$top_builddir/libtool" --mode=execute cp "$doctor" "$tap_tmp/bin/ssh"; then
	libs=$top_builddir/lib/shmfb/.libs:$top_builddir/lib/shmx/.libs
	LD_LIBRARY_PATH=$libs "$tap_tmp/bin/ssh" --json >"$tap_tmp/json"
	is "through ssh: descriptors" "$(works descriptors)" false
	is "through ssh: System V" "$(works "System V")" false
	is "through ssh: the path" "$(path)" put
fi
start_server -screen 0 640x480x24 -extension MIT-SHM
ask
is "no MIT-SHM: is found" "$(works MIT-SHM)" false
is "no MIT-SHM: descriptors" "$(works descriptors)" null
is "no MIT-SHM: the path" "$(path)" put
like "no MIT-SHM: and so the server scales nothing" "$(cat "$tap_tmp/json")" \
	"converts what is shared with it, and nothing is"
start_server -screen 0 640x480x24 -extension RENDER
ask
is "no RENDER: is found" "$(works RENDER)" false
start_server -screen 0 640x480x16
ask
is "depth 16: RGB565" "$(works depth)" true

done_testing
