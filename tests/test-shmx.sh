#!/bin/sh
# The dispatcher: `shmx VERB` runs shmx-VERB, beside itself first.
. "${top_srcdir:-.}/tests/tap.sh"

here=$tap_tmp/here
there=$tap_tmp/there
mkdir "$here" "$there"
cp "$top_builddir/tools/shmx" "$here/shmx"
verb() { # FILE: a program that says where it is and what it was given
	printf '#!/bin/sh\necho "$0${*:+ $*}"\nexit 7\n' >"$1"
	chmod +x "$1"
}
verb "$here/shmx-view"
verb "$there/shmx-view"
verb "$there/shmx-zoo"
: >"$there/shmx-plain"
PATH=$there:$PATH
shmx=$here/shmx

out=$("$shmx" view life --frames 3)
is "the verb's exit status is passed on" "$?" 7
is "a verb beside it comes first" "$out" "$here/shmx-view life --frames 3"
is "a verb of PATH is found" "$("$shmx" zoo)" "$there/shmx-zoo"
is "options after the verb are the verb's" \
	"$("$shmx" view --help --version -l)" \
	"$here/shmx-view --help --version -l"
is "help VERB asks the verb" "$("$shmx" help view)" "$here/shmx-view --help"
ln -s "$here/shmx" "$there/shmx"
is "called by a symbolic link it is the same" "$("$there/shmx" view)" \
	"$here/shmx-view"

is "--list lists" "$("$shmx" --list)" "view
zoo"
help=$("$shmx" --help)
is "--help succeeds" "$?" 0
like "--help lists our verbs and what they do" "$help" \
	"view       show a ring in a window"
like "--help lists others' verbs" "$help" "zoo"
is "help is --help" "$("$shmx" help)" "$help"
like "--version says the version" "$("$shmx" --version)" "shmfb "

for wrong in nosuch plain ../here/shmx-view 'a b' ''; do
	out=$("$shmx" "$wrong" 2>&1)
	is "unknown verb '$wrong': exit status" "$?" 2
	is "unknown verb '$wrong': one clear line" "$out" \
		"shmx: there is no verb '$wrong'; \`shmx --help\` lists them"
done
out=$("$shmx" 2>&1)
is "no verb: exit status" "$?" 2
like "no verb: says so" "$out" "which verb?"
out=$("$shmx" --nosuch 2>&1)
is "unknown option: exit status" "$?" 2

done_testing
