#!/bin/sh
# ./bootstrap, against package managers that are not there.
#
# It runs with a PATH of its own: the few tools it needs, and fakes that write
# down how they were called.
. "${top_srcdir:-.}/tests/tap.sh"

bootstrap=$top_srcdir/bootstrap
bin=$tap_tmp/bin
calls=$tap_tmp/calls
shell=$(command -v sh)

fake() { # NAME: a program that writes down its call, then does what stdin says
	{
		echo "#!$shell"
		echo "echo ${1} \"\$*\" >>'$calls'"
		cat
	} >"$bin/$1"
	chmod +x "$bin/$1"
}

# A machine with nothing of ours; $1 is its package manager, $2 the user's id.
machine() {
	rm -rf "$bin"
	mkdir "$bin"
	: >"$calls"
	for tool in sh cat chmod cut dirname env find fold grep head mkdir nproc rm \
		sed sort tail tr wc; do
		ln -s "$(command -v "$tool")" "$bin/$tool"
	done
	echo "echo $2" | fake id
	case $1 in
	apt-get)
		fake apt-get </dev/null
		echo 'exit 1' | fake dpkg-query ;;
	dnf)
		fake dnf </dev/null
		echo 'exit 1' | fake rpm ;;
	pacman)
		echo '[ "$1" != -Q ]' | fake pacman ;;
	esac
	fake autoreconf </dev/null
	if [ "$2" -ne 0 ]; then
		echo 'exec "$@"' | fake sudo
	fi
}

run() { # no terminal; output in $out, status in $status
	status=0
	out=$(PATH=$bin "$bootstrap" "$@" 2>&1 </dev/null) || status=$?
}

# What it says

machine apt-get 0
run --help
is "--help succeeds" "$status" 0
for option in --demo --check --yes --help --enable-sanitizer; do
	like "--help teaches $option" "$out" "$option"
done

run --nosuch
is "unknown option: exit status" "$status" 2
is "unknown option: one clear line" "$out" \
	"bootstrap: unknown option '--nosuch'; ./bootstrap --help lists them"

# No terminal: it tells, and does nothing

run
is "missing packages: exit status" "$status" 1
like "missing packages: how to install them" "$out" \
	"apt-get install -y --no-install-recommends gcc make autoconf"
like "missing packages: --yes does it" "$out" "./bootstrap --yes"
is "building needs no test tools" \
	"$(echo "$out" | grep -c -w -e valgrind -e golly)" 0
is "nothing was installed" "$(grep -v -e '^dpkg-query' -e '^id' "$calls")" ""
run --check
like "checking needs test tools" "$out" " check valgrind strace procps g++"

machine apt-get 1000
run
like "a user needs sudo" "$out" "sudo apt-get install"

machine dnf 0
run --check
like "dnf has its own names" "$out" "dnf install -y gcc make autoconf"
like "dnf: libraries" "$out" "libxkbcommon-x11-devel pixman-devel cairo-devel libpng-devel"
machine pacman 0
run --check
like "pacman has its own names" "$out" "pacman -S --needed --noconfirm gcc"
like "pacman: libraries" "$out" "libxkbcommon-x11 pixman cairo libpng ncurses zlib sdl2"

# What configure asks for is what bootstrap installs

names=$(sed -n '/^SHMFB_NEED(/,/)$/p' "$top_srcdir/configure.ac" |
	grep -oE '[A-Za-z0-9-]+-(dev|devel)' | sort -u)
for name in $names; do
	ok "configure's $name is in the table" \
		grep -qw -e "$name" "$bootstrap"
done

# --yes, in a tree where configure and make are fakes too

tree=$tap_tmp/tree
mkdir "$tree" "$tree/m4"
cp "$bootstrap" "$tree/bootstrap"
bootstrap=$tree/bootstrap
echo >"$tree/configure.ac"
cat >"$tree/configure" <<END
#!$shell
echo configure "\$*" >>'$calls'
printf '#!%s\necho config.status "\$*" >>%s\n' '$shell' '$calls' >config.status
chmod +x config.status
END
chmod +x "$tree/configure"

# make check leaves a log with these totals, and the status $4.
fake_make() { # PASS FAIL SKIP STATUS
	cat <<-END | fake make
	case "\$*" in
	*TESTS=*) ;;
	*check*)
		printf '# TOTAL: 9\n# PASS:  %s\n# SKIP:  %s\n# XFAIL: 0\n' \
			$1 $3 >"\$2/test-suite.log"
		printf '# FAIL:  %s\n# XPASS: 0\n# ERROR: 0\n# PASS:  77\n' \
			$2 >>"\$2/test-suite.log"
		exit $4 ;;
	esac
	END
}

machine apt-get 1000
fake_make 5 0 1 0
run --yes --check -- --enable-werror
is "--yes --check: exit status" "$status" 0
is "it ends with the counts" "$(echo "$out" | tail -n 1)" \
	"5 passed, 0 failed, 1 skipped"
is "apt-get is updated first, once" \
	"$(grep '^apt-get' "$calls" | cut -d ' ' -f 1-2)" "apt-get update
apt-get install"
like "apt-get is not to ask" "$(cat "$calls")" \
	"sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-inst"
is "configure gets its options" "$(grep '^configure' "$calls")" \
	"configure --enable-werror"

machine apt-get 0
fake_make 5 2 1 2
run --yes --check
is "failed tests: exit status" "$status" 1
is "failed tests: counts" "$(echo "$out" | tail -n 1)" \
	"5 passed, 2 failed, 1 skipped"
is "root needs no sudo" "$(grep '^sudo' "$calls")" ""

machine apt-get 0
fake_make 0 0 3 0
run --yes --check
is "no test run: exit status" "$status" 1
like "without options configure keeps those it had" "$(cat "$calls")" \
	"config.status --recheck"
like "no test run: says so" "$out" "no test was run"

machine apt-get 0
fake_make 5 0 0 2
run --yes --check
is "make check that fails otherwise: exit status" "$status" 1

machine apt-get 0
echo 'exit 100' | fake apt-get
run --yes
is "apt-get fails: exit status" "$status" 1
like "apt-get fails: says what" "$out" "this failed: Updating the list"

machine apt-get 0
echo 'echo no such file; exit 2' | fake make
run --yes
is "build fails: exit status" "$status" 1
like "build fails: shows why" "$out" "no such file"
like "build fails: says where to read" "$out" "build/bootstrap.log"

machine apt-get 0
echo 'echo installed' | fake dpkg-query
fake_make 1 0 0 0
run
is "nothing missing: exit status" "$status" 0
is "nothing missing: nothing installed" "$(grep '^apt-get' "$calls")" ""
like "it says what to do next" "$out" "./bootstrap --demo"

run --demo
is "no demo: exit status" "$status" 1
like "no demo: says so" "$out" "demos/pipeline is not here"
mkdir "$tree/demos"
printf '#!%s\necho "demo of $BUILDDIR"\n' "$shell" >"$tree/demos/pipeline"
chmod +x "$tree/demos/pipeline"
run --demo
is "demo: exit status" "$status" 0
like "demo: gets the build directory" "$out" "demo of $tree/build"

done_testing
